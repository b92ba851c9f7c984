#include "plant_loader_impl.hpp"

#include <fmt/format.h>

#include "twin/base/random.hpp"

namespace twin::model_detail {

void PlantLoader::name_products(const Place& place) {
  if (!place) return;
  if (!place.node->is_mapping()) return wrong_kind(place, Shape::kProducts);
  if (place.node->children.empty()) fault(place, "there is no product", allowed(Shape::kProducts));
  for (const auto& entry : place.node->children) {
    const auto path = join_path(place.path, entry.key);
    for (const auto& name : members(entry.key_mark, path, entry.key)) {
      not_reserved(entry.key_mark, path, name);
      room(plant_.product_names.size(), {&entry, path}, "products");
      if (!product_ids_.emplace(name, static_cast<std::uint32_t>(plant_.product_names.size())).second) {
        fault(entry.key_mark, path, name, fmt::format("the product '{}' stands twice", name), "each name once");
        continue;
      }
      plant_.product_names.push_back(name);
      product_nodes_.push_back(&entry);
    }
  }
}

void PlantLoader::read_products(const Place& place) {
  families_.resize(plant_.product_names.size());
  holding_.resize(plant_.product_names.size());
  lateness_.resize(plant_.product_names.size());
  for (std::size_t p = 0; p < plant_.product_names.size(); ++p)
    read_product({product_nodes_[p], join_path(place.path, plant_.product_names[p])},
                 ProductId{static_cast<std::uint32_t>(p)});
}

void PlantLoader::read_product(const Place& place, ProductId id) {
  ProductData product;
  const auto before = faults_.size();
  product.first_step = static_cast<std::uint32_t>(plant_.steps.size());
  product.hash = hash_name("product:" + plant_.product_names[id.value]);
  plant_.dues.emplace_back();
  if (keys(place, Level::kProduct, Shape::kProducts) && place.node->is_mapping()) {
    product.priority = static_cast<std::int32_t>(
        integer(child(place, "priority"), Shape::kInteger, -1'000'000'000, 1'000'000'000).value_or(0));
    if (const auto due = child(place, "due"); due && scalar(due, Shape::kDue)) plant_.dues.back() = read_due(due, id);
    holding_[id.value] = rate(child(place, "holding"), Shape::kCostRate).value_or(0);
    lateness_[id.value] = rate(child(place, "lateness"), Shape::kCostRate).value_or(0);
    if (const auto family = child(place, "family"); family && scalar(family, Shape::kText))
      families_[id.value] = family.node->scalar;
    if (const auto route = child(place, "route")) read_route(route, id, product);
  }
  plant_.products.push_back(product);
  if (!place.node->is_mapping()) return;
  if (const auto arrivals = child(place, "arrivals");
      arrivals && (arrivals.node->is_mapping() || scalar(arrivals, Shape::kArrivals)))
    read_arrivals(arrivals, id, faults_.size() == before);
}

/// A span from release, or one of the field's rules by its short name.
DueData PlantLoader::read_due(const Place& place, ProductId id) {
  DueData due;
  const std::string_view text = trimmed(place.node->scalar);
  const auto open = text.find('(');
  const std::string_view name = text.substr(0, open);
  for (const auto rule : {DueRule::kConstant, DueRule::kTotalWork, DueRule::kOperations, DueRule::kSlack,
                          DueRule::kWaiting, DueRule::kRandom}) {
    if (open == std::string_view::npos || text.back() != ')' || name != twin::name_of(rule)) continue;
    due.rule = rule;
    const auto inside = std::string(trimmed(text.substr(open + 1, text.size() - open - 2)));
    Node value = Node::text(inside);
    value.mark = place.node->mark;
    if (rule == DueRule::kTotalWork) {
      due.factor = number({&value, place.path}, Shape::kDueFactor, 0, 1e6, false).value_or(0);
    } else if (rule == DueRule::kRandom) {
      const auto path = join_path(join_path("products", plant_.product_names[id.value]), "due");
      if (const auto d = distribution({&value, place.path})) due.random = intern(path, *d);
    } else {
      due.span = duration({&value, place.path}).value_or(0);
      if (due.span < 0) fault(place, "a due date before the release", "a time of 0 or more");
    }
    return due;
  }
  if (open != std::string_view::npos) {
    fault(place,
          fmt::format("'{}' is no rule for due dates{}", shown(*place.node),
                      did_you_mean(std::string(name), {"con", "twk", "nop", "slk", "ppw", "ran"})),
          allowed(Shape::kDue));
    return due;
  }
  if (const auto span = duration(place)) due = {DueRule::kConstant, 0, *span, {}};
  return due;
}

void PlantLoader::read_arrivals(const Place& place, ProductId id, bool good_route) {
  const ProductData& product = plant_.products[id.value];
  const std::string_view text = trimmed(place.node->scalar);
  SourceData source;
  source.product = id;
  const auto& name = plant_.product_names[id.value];
  source.hash = hash_name("source:" + name);
  const auto path = join_path(join_path("products", name), "arrivals");
  if (place.node->is_mapping()) {
    if (keys(place, Level::kArrivals, Shape::kArrivals)) read_renewal(place, path, source);
  } else if (text.rfind("every ", 0) == 0) {
    const auto d = read(place, Shape::kArrivals, [&](std::string_view) { return read_distribution(text.substr(6)); });
    if (d && !(d->mean() >= 1e-9)) fault(place, "lots that follow each other after no time never end", "1 ns or more");
    if (d) source.interarrival = intern(path, *d);
  } else if (text == "saturate") {
    source.kind = SourceKind::kSaturate;
    if (good_route) check_saturated(place, plant_.steps[product.first_step]);
  } else if (text.rfind("conwip(", 0) == 0 && text.back() == ')') {
    source.kind = SourceKind::kConwip;
    Node level = Node::text(std::string(trimmed(text.substr(7, text.size() - 8))));
    level.mark = place.node->mark;
    source.level = static_cast<std::uint32_t>(integer({&level, place.path}, Shape::kCount, 1, 1'000'000).value_or(1));
    if (good_route) check_circulation(place, product);
  } else {
    fault(place,
          fmt::format("'{}' is no way to arrive{}", shown(*place.node),
                      did_you_mean(text.substr(0, text.find_first_of(" (")), {"every", "saturate", "conwip"})),
          allowed(Shape::kArrivals));
    return;
  }
  plant_.sources.push_back(source);
  plant_.source_names.push_back(name);
}

void PlantLoader::read_keep(const Place& place, ProductId id, SourceData& source) {
  for (const auto& value : place.node->children)
    if (value.key != "keep" && value.key != "of")
      fault(value.key_mark, join_path(place.path, value.key), value.key,
            fmt::format("'{}' does not go with keeping material", value.key), "keep, of");
  const auto of = child(place, "of");
  source.kind = SourceKind::kKeep;
  source.level = static_cast<std::uint32_t>(integer(child(place, "keep"), Shape::kCount, 1, 1'000'000).value_or(1));
  if (!child(place, "keep"))
    fault(place, "nothing says how much is kept", "keep: beside of:, as in {keep: 10, of: blanks}");
  const auto found = of ? pool_ids_.find(of.node->scalar) : pool_ids_.end();
  if (found == pool_ids_.end() || !plant_.pools[found->second].material) {
    fault(of ? of : place, "there is no material of that name", "of: the name of a material");
    return;
  }
  if (plant_.pools[found->second].keeper != kNone)
    fault(of, fmt::format("'{}' is kept by another product already", of.node->scalar), "one product for each material");
  plant_.pools[found->second].keeper = static_cast<std::uint32_t>(plant_.sources.size());
  source.pool = found->second;
  check_circulation(place, plant_.products[id.value]);
}

void PlantLoader::read_profile(const Place& place, SourceData& source) {
  const auto profile = child(place, "profile");
  const auto period = child(place, "period");
  source.period = duration(period).value_or(kDay);
  if (period && source.period <= 0) fault(period, "a period of no time never ends", "a time above 0");
  if (!profile) {
    if (period) fault(period, "there is no profile that would repeat", "profile: beside it");
    return;
  }
  if (!profile.node->is_sequence() || profile.node->children.empty()) return wrong_kind(profile, Shape::kProfile);
  std::vector<ProfileData> points;
  double worth = 0;
  for (std::size_t i = 0; i < profile.node->children.size(); ++i) {
    const Place at{&profile.node->children[i], fmt::format("{}[{}]", profile.path, i)};
    if (!at.node->is_mapping() || at.node->children.size() != 2 || !child(at, "from") || !child(at, "times")) {
      wrong_kind(at, Shape::kProfile);
      continue;
    }
    const auto from = duration(child(at, "from"));
    const auto times = number(child(at, "times"), Shape::kTimesAsFast, 0, 1e6, false);
    if (!from || !times) continue;
    if (points.empty() ? *from != 0 : *from <= points.back().from)
      fault(child(at, "from"), "the times of a profile begin at 0 and ascend", "0 h first, then later ones");
    if (*from >= source.period)
      fault(child(at, "from"), "it lies after the period", format_duration(Duration{source.period}));
    points.push_back({*from, *times});
    worth += *times;
  }
  if (!(worth > 0)) fault(profile, "its clock never runs", "times above 0 somewhere");
  source.first_profile = static_cast<std::uint32_t>(plant_.profiles.size());
  source.profile_count = static_cast<std::uint32_t>(points.size());
  plant_.profiles.insert(plant_.profiles.end(), points.begin(), points.end());
}

void PlantLoader::read_renewal(const Place& place, const std::string& path, SourceData& source) {
  const auto every = child(place, "every"), lots = child(place, "lots");
  if (child(place, "keep") || child(place, "of")) return read_keep(place, source.product, source);
  if (!every) fault(place, "the arrivals have no 'every'", allowed(Shape::kArrivalKeys));
  read_profile(place, source);
  const auto d = distribution(every);
  double fastest = 1;
  for (std::uint32_t k = 0; k < source.profile_count; ++k)
    fastest = std::max(fastest, plant_.profiles[source.first_profile + k].times);
  if (d && !(d->mean() / fastest >= 1e-9))
    fault(every, "lots that follow each other after no time never end", "1 ns or more, however fast the profile");
  if (d) source.interarrival = intern(path + ".every", *d);
  const auto size =
      read(lots, Shape::kDistribution, [](std::string_view text) { return read_distribution(text, false); });
  if (!size) return;
  if (!(size->mean() > 0) || !(size->mean() <= 1e6) || size->quantile(0) < -0.5 || size->quantile(1) > 1e6)
    fault(lots, fmt::format("'{}' is no number of lots", shown(*lots.node)), "from 0 to 1000000 lots at each arrival");
  if (!(*size == Distribution::deterministic(1))) source.batch = intern(path + ".lots", *size);
}

bool PlantLoader::takes_time(const StepData& step) const {
  const auto lasts = [&](DistributionId id) { return id.valid() && plant_.parameters.mean(id) > 0; };
  if (step.optional()) return false;
  if (lasts(step.transport)) return true;
  for (std::uint32_t c = step.first_choice; c < step.first_choice + step.choice_count; ++c)
    if (!lasts(plant_.choices[c].time) && !lasts(plant_.choices[c].setup)) return false;
  return true;
}

void PlantLoader::check_saturated(const Place& place, const StepData& first) {
  if (first.choice_count == 0)
    fault(place, "a saturating source supplies one machine, not branches in parallel", "one station at the first step");
  if (first.choice_count > 1)
    fault(place, "a saturating source cannot choose among the alternatives of its first step",
          "one station at the first step");
  for (std::uint32_t c = first.first_choice; c < first.first_choice + first.choice_count; ++c)
    if (plant_.stations[plant_.choices[c].station.value].polling.serve != Serve::kAny)
      fault(place, "a machine that polls is never idle, so a saturating source never supplies it",
            "a first station without polling");
  if (first.transport.valid())
    fault(place, "a saturating source supplies the first machine directly, so there is no transport to the first step",
          "no transport at the first step");
  if (first.optional())
    fault(place, "a saturating source supplies the first step, which some lots would pass by",
          "a first step that all lots take");
  if (!first.optional() && !takes_time(first))
    fault(place, "a first step that takes no time would take in lots without end", "a time above 0 at the first step");
}

void PlantLoader::check_circulation(const Place& place, const ProductData& product) {
  for (std::uint32_t s = product.first_step; s < product.first_step + product.step_count; ++s)
    if (plant_.steps[s].patience.valid() && !(plant_.parameters.mean(plant_.steps[s].patience) >= 1e-9))
      fault(place,
            fmt::format("lots that wait for no time at '{}' leave and come again without end", plant_.step_names[s]),
            "max_wait above 0");
  for (std::uint32_t s = product.first_step; s < product.first_step + product.step_count; ++s)
    if (plant_.steps[s].window_of != kNone && plant_.steps[s].window < 1)
      fault(place,
            fmt::format("lots that come too late to '{}' at once leave and come again without end",
                        plant_.step_names[s]),
            "a time within above 0");
  for (std::uint32_t s = product.first_step; s < product.first_step + product.step_count; ++s)
    if (takes_time(plant_.steps[s])) return;
  fault(place, "lots that take no time would circulate without end", "a time above 0 at some step");
}

}  // namespace twin::model_detail
