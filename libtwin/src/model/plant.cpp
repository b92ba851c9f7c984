#include "twin/model/plant.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <iterator>

#include "document_impl.hpp"
#include "loader_impl.hpp"
#include "names_impl.hpp"
#include "quantity_impl.hpp"
#include "twin/base/error.hpp"
#include "twin/base/math.hpp"
#include "twin/base/random.hpp"
#include "twin/model/document.hpp"
#include "twin/model/quantity.hpp"

namespace twin {

using model_detail::did_you_mean;
using model_detail::expand_name;
using model_detail::is_number;
using model_detail::list_of;
using model_detail::parse_path;
using model_detail::path_text;
using model_detail::PathPart;

namespace {

template <class Id>
Id find_name(const std::vector<std::string>& names, std::string_view name, const char* what) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found != names.end()) return Id{static_cast<std::uint32_t>(found - names.begin())};
  throw InvalidArgument(
      fmt::format("there is no {} '{}'{}; allowed: {}", what, name, did_you_mean(name, names), list_of(names)));
}

void forget_marks(Node& node) {
  node.mark = node.key_mark = {};
  for (auto& child : node.children) forget_marks(child);
}

/// A station's machines by name, so that a path can name one: `machines: 2` becomes `{mill.1: {}, mill.2: {}}`.
void name_machines(Document& document, const std::string& station) {
  const auto path = join_path("stations", station) + ".machines";
  const Node* machines = document.get(path);
  std::size_t count = 1;
  if (machines != nullptr && machines->is_scalar()) {
    try {
      count = static_cast<std::size_t>(std::clamp(model_detail::read_number(machines->scalar), 1.0, 1e5));
    } catch (const model_detail::TextFault&) {
      return;  // a fault that compiling reports
    }
  } else if (machines != nullptr && !machines->is_null()) {
    return;
  }
  Node named = Node::mapping();
  for (std::size_t i = 1; i <= count; ++i) named.put(fmt::format("{}.{}", station, i), Node::mapping());
  document.set(path, named);
}

/// Writes `rework: {0.05: milling}` as `rework: {milling: 0.05}`, so that paths can name the target.
void name_targets(Node& root) {
  Node* products = root.find("products");
  if (products == nullptr) return;
  for (auto& product : products->children) {
    Node* route = product.find("route");
    if (route == nullptr) continue;
    for (auto& step : route->children) {
      Node* then = step.find("then");
      if (then == nullptr) continue;
      for (const char* key : {"rework", "goto"}) {
        Node* targets = then->find(key);
        if (targets != nullptr && targets->is_scalar() && !is_number(targets->scalar)) {  // goto: milling
          Node one = Node::mapping();
          one.put(targets->scalar, Node::text("1"));
          one.mark = targets->mark;
          then->put(key, std::move(one));
          continue;
        }
        if (targets == nullptr || !targets->is_mapping()) continue;
        Node named = *targets;
        named.children.clear();
        for (auto child : targets->children) {
          if (is_number(child.key) && child.is_scalar() && !is_number(child.scalar)) {
            std::swap(child.key, child.scalar);
            std::swap(child.mark, child.key_mark);
          }
          if (named.find(child.key) == nullptr) named.children.push_back(std::move(child));
        }
        if (named.children.size() == targets->children.size()) *targets = std::move(named);
      }
    }
  }
}

/// Applies changes to a document; throws PlantError for paths that lead nowhere.
class Changer {
 public:
  explicit Changer(Document& document) : document_(document) {}

  void apply(const std::string& path, const std::string& value) {
    try {
      const auto parts = parse_path(path);
      Node node = parse_yaml(value);
      forget_marks(node);
      check(path, parts);
      name_machines_on(parts);
      document_.set(path, node);
    } catch (const PlantError& error) {
      auto faults = error.faults();
      for (auto& fault : faults) {
        if (fault.path.empty()) fault.path = path;
        if (fault.value.empty()) fault.value = value;
        fault.line = fault.column = 0;
        faults_.push_back(std::move(fault));
      }
    } catch (const InvalidArgument& error) {
      faults_.push_back({"", 0, 0, path, value, error.what(), ""});
    }
  }

  [[nodiscard]] std::vector<Fault> take() { return std::move(faults_); }

 private:
  [[noreturn]] static void refuse(const std::string& path, const std::string& name, const std::string& where,
                                  const Node& among) {
    std::vector<std::string> names;
    for (const auto& child : among.children) names.push_back(child.key);
    throw PlantError(
        {{"", 0, 0, path, name, fmt::format("there is no '{}' in {}{}", name, where, did_you_mean(name, names)),
          list_of(names)}});
  }

  /// What a path goes through must exist where it is named by people; its last part may be new.
  void check(const std::string& path, const std::vector<PathPart>& parts) const {
    for (const std::size_t depth : {std::size_t{1}, std::size_t{3}}) {
      if (parts.size() < depth + 2 || parts[depth].index) return;
      const auto& collection = parts[depth - 1].name;
      const bool named = depth == 1 ? collection == "stations" || collection == "products" || collection == "calendars"
                                    : parts[0].name == "stations" && collection == "machines";
      if (!named) return;
      const auto above = path_text(parts, depth);
      const Node* node = document_.get(above);
      if (node == nullptr || !node->is_mapping()) {
        if (depth == 3) return;  // machines counted so far, named below
        throw PlantError({{"", 0, 0, path, above, fmt::format("the plant has no {}", above), ""}});
      }
      for (const auto& member : expand_name(parts[depth].name).names)
        if (document_.get(join_path(above, member)) == nullptr && node->find(parts[depth].name) == nullptr)
          refuse(path, member, above, *node);
    }
  }

  void name_machines_on(const std::vector<PathPart>& parts) {
    if (parts.size() < 4 || parts[0].name != "stations" || parts[2].name != "machines" || parts[1].index) return;
    for (const auto& station : expand_name(parts[1].name).names) name_machines(document_, station);
  }

  Document& document_;
  std::vector<Fault> faults_;
};

}  // namespace

bool Parameters::uncertain() const noexcept {
  return std::ranges::any_of(distributions, [](const FlatDistribution& d) { return d.level_sd > 0; });
}

Parameters PlantData::realised(const Parameters& parameters_of_plant, std::uint64_t key) const {
  Parameters out = parameters_of_plant;
  for (std::uint32_t i = 0; i < out.distributions.size(); ++i) {
    const double sd = out.distributions[i].level_sd;
    if (sd <= 0) continue;
    const std::uint64_t stream = draw_stream(hash_name(distribution_paths[i]), Purpose::kLevel);
    const double factor = math::exp(sd * math::normal_quantile(draw_uniform(key, stream, 0)));
    out.set(DistributionId{i}, out.distribution(DistributionId{i}).uncertain(0).scaled(factor));
  }
  return out;
}

void Parameters::set(DistributionId id, const Distribution& distribution) {
  FlatDistribution flat = distribution.flat();
  flat.table_first = 0;
  flat.table_count = static_cast<std::uint32_t>(distribution.table().size());
  if (flat.table_count > 0) {
    flat.table_first = static_cast<std::uint32_t>(table.size());
    table.insert(table.end(), distribution.table().begin(), distribution.table().end());
  }
  if (id.value >= distributions.size())
    throw InvalidArgument(fmt::format("there is no distribution {}; allowed: 0 to {}", id.value,
                                      static_cast<long long>(distributions.size()) - 1));
  distributions[id.value] = flat;
}

Plant Plant::from_document(const Document& document) {
  auto data = std::make_shared<PlantData>(model_detail::compile(document));
  return Plant(std::move(data), std::make_shared<Document>(document));
}

Plant Plant::load(const std::filesystem::path& file) {
  auto reading = model_detail::load_document(file);
  auto data = std::make_shared<PlantData>(model_detail::compile(reading.document, std::move(reading.faults)));
  return Plant(std::move(data), std::make_shared<Document>(std::move(reading.document)));
}

Plant Plant::parse(std::string_view yaml, const std::string& name, const std::filesystem::path& folder) {
  auto reading = model_detail::parse_document(yaml, name, folder);
  auto data = std::make_shared<PlantData>(model_detail::compile(reading.document, std::move(reading.faults)));
  return Plant(std::move(data), std::make_shared<Document>(std::move(reading.document)));
}

Plant Plant::change(const std::vector<std::pair<std::string, std::string>>& changes) const {
  Document document = with_declared_parameters();
  name_targets(document.root());
  Changer changer(document);
  for (const auto& [path, value] : changes) changer.apply(path, value);
  if (auto faults = changer.take(); !faults.empty()) throw PlantError(std::move(faults));
  return from_document(document);
}

Plant Plant::with_parameters(Parameters parameters) const {
  const Parameters& own = data_->parameters;
  const auto refuse = [](const char* what, std::size_t is, std::size_t must) {
    throw InvalidArgument(fmt::format("the parameters have {} {}; allowed: {}, as the plant has", is, what, must));
  };
  if (parameters.distributions.size() != own.distributions.size())
    refuse("distributions", parameters.distributions.size(), own.distributions.size());
  if (parameters.branch_probability.size() != own.branch_probability.size())
    refuse("branch probabilities", parameters.branch_probability.size(), own.branch_probability.size());
  if (parameters.speed.size() != own.speed.size()) refuse("speeds", parameters.speed.size(), own.speed.size());
  for (std::size_t i = 0; i < parameters.distributions.size(); ++i) {
    const auto& d = parameters.distributions[i];
    if (std::size_t{d.table_first} + d.table_count > parameters.table.size())
      throw InvalidArgument(fmt::format(
          "the table of distribution '{}' ends at {}; allowed: at most {}, the size of the table",
          data_->distribution_paths[i], std::size_t{d.table_first} + d.table_count, parameters.table.size()));
  }
  for (std::size_t m = 0; m < parameters.speed.size(); ++m)
    if (!(parameters.speed[m] > 0 && parameters.speed[m] <= 1e6))
      throw InvalidArgument(fmt::format("the speed of machine '{}' is {}; allowed: above 0, at most 1000000",
                                        data_->machine_names[m], parameters.speed[m]));
  for (std::size_t s = 0; s < data_->steps.size(); ++s) {
    const StepData& step = data_->steps[s];
    double sum = 0;
    bool inside = true;
    for (std::uint32_t b = step.first_branch; b < step.first_branch + step.branch_count; ++b) {
      sum += parameters.branch_probability[b];
      inside = inside && parameters.branch_probability[b] >= 0 && parameters.branch_probability[b] <= 1;
    }
    if (step.branch_count > 0 && (!inside || !(std::fabs(sum - 1) <= 1e-9)))
      throw InvalidArgument(
          fmt::format("the probabilities after step '{}' of '{}' sum to {}; allowed: from 0 to 1 each, 1 together",
                      data_->step_names[s], data_->product_names[step.product.value], sum));
  }
  auto data = std::make_shared<PlantData>(*data_);
  data->parameters = std::move(parameters);
  return Plant(std::move(data), document_);
}

Tick PlantData::profile_end(const SourceData& source, Tick from, Tick span) const noexcept {
  const ProfileData* const begin = profiles.data() + source.first_profile;
  const std::uint32_t n = source.profile_count;
  double round = 0;  // what a period is worth
  for (std::uint32_t k = 0; k < n; ++k)
    round += begin[k].times * static_cast<double>((k + 1 < n ? begin[k + 1].from : source.period) - begin[k].from);
  auto left = static_cast<double>(span);
  const double periods = std::floor(left / round);
  if (!(periods * static_cast<double>(source.period) < static_cast<double>(kNever - std::max<Tick>(from, 0))))
    return kNever;
  left -= periods * round;
  Tick at = from + static_cast<Tick>(periods) * source.period;
  Tick offset = at % source.period;
  if (offset < 0) offset += source.period;
  std::uint32_t k = n - 1;
  while (k > 0 && begin[k].from > offset) --k;
  for (std::uint32_t step = 0; step <= 2 * n + 1; ++step, k = (k + 1) % n) {
    const Tick end = k + 1 < n ? begin[k + 1].from : source.period;
    const double worth = begin[k].times * static_cast<double>(end - offset);
    if (left < worth) return at + std::min(end - offset, static_cast<Tick>(std::llround(left / begin[k].times)));
    left -= worth;
    at += end - offset;
    offset = end == source.period ? 0 : end;
  }
  return at;
}

Tick PlantData::profile_span(const SourceData& source, Tick from, Tick to) const noexcept {
  const ProfileData* const begin = profiles.data() + source.first_profile;
  const std::uint32_t n = source.profile_count;
  const auto since_zero = [&](Tick t) {  // exact enough: an age in nanoseconds
    Tick offset = t % source.period;
    if (offset < 0) offset += source.period;
    double round = 0;
    double part = 0;
    for (std::uint32_t k = 0; k < n; ++k) {
      const Tick end = k + 1 < n ? begin[k + 1].from : source.period;
      round += begin[k].times * static_cast<double>(end - begin[k].from);
      if (offset > begin[k].from) part += begin[k].times * static_cast<double>(std::min(end, offset) - begin[k].from);
    }
    const Tick periods = (t - offset) / source.period;
    return static_cast<double>(periods) * round + part;
  };
  return static_cast<Tick>(std::max(0.0, since_zero(to) - since_zero(from)));
}

Document Plant::with_declared_parameters() const {
  Document document = *document_;
  const PlantData declared = model_detail::compile(*document_);
  const Parameters& before = declared.parameters;
  const Parameters& now = data_->parameters;
  if (before == now) return document;

  std::vector<const char*> suffix(now.distributions.size(), ""), prefix(now.distributions.size(), "");
  for (const auto& mode : data_->modes) {
    if (mode.level_count == 0)
      suffix[mode.after.value] = mode.dated                   ? " of calendar"
                                 : mode.ages == Ageing::kTime ? " of time"
                                 : mode.ages == Ageing::kLots ? " of lots"
                                                              : "";
    for (std::uint32_t l = mode.first_level; l < mode.first_level + mode.level_count; ++l)
      if (data_->levels[l].lasts.valid() && mode.ages == Ageing::kTime)
        suffix[data_->levels[l].lasts.value] = " of time";
  }
  std::vector<const char*> unit(now.distributions.size(), "s");
  for (const auto& source : data_->sources) {
    const DistributionId every = source.interarrival;
    if (every.valid() && data_->distribution_paths[every.value].ends_with(".arrivals")) prefix[every.value] = "every ";
    if (source.batch.valid()) unit[source.batch.value] = "";  // a number of lots
  }
  for (const auto& mode : data_->modes)
    if (mode.ages == Ageing::kLots) unit[mode.after.value] = "";
  for (std::uint32_t i = 0; i < now.distributions.size(); ++i) {
    const auto d = now.distribution(DistributionId{i});
    if (d == before.distribution(DistributionId{i})) continue;
    document.set(data_->distribution_paths[i], Node::text(prefix[i] + d.text(unit[i]) + suffix[i]));
  }
  for (std::size_t m = 0; m < now.speed.size(); ++m) {
    if (now.speed[m] == before.speed[m]) continue;
    const auto& station = data_->station_names[data_->machines[m].station.value];
    name_machines(document, station);
    document.set(join_path(join_path("stations", station) + ".machines", data_->machine_names[m]) + ".speed",
                 Node::text(number_text(now.speed[m])));
  }
  name_targets(document.root());
  for (std::size_t s = 0; s < data_->steps.size(); ++s) {
    const StepData& step = data_->steps[s];
    const auto first = step.first_branch, last = step.first_branch + step.branch_count;
    if (std::equal(now.branch_probability.begin() + first, now.branch_probability.begin() + last,
                   before.branch_probability.begin() + first))
      continue;
    for (auto b = first; b < last; ++b)
      document.set(data_->branch_paths[b], Node::text(number_text(now.branch_probability[b])));
  }
  return document;
}

std::string Plant::yaml() const { return with_declared_parameters().yaml(); }

StationId Plant::station(std::string_view name) const {
  return find_name<StationId>(data_->station_names, name, "station");
}
MachineId Plant::machine(std::string_view name) const {
  return find_name<MachineId>(data_->machine_names, name, "machine");
}
ProductId Plant::product(std::string_view name) const {
  return find_name<ProductId>(data_->product_names, name, "product");
}
OrderId Plant::order(std::string_view name) const { return find_name<OrderId>(data_->order_names, name, "order"); }
DistributionId Plant::distribution(std::string_view path) const {
  return find_name<DistributionId>(data_->distribution_paths, path, "distribution");
}

StepId Plant::step(std::string_view product_name, std::string_view step_name) const {
  const ProductData& p = data_->products[product(product_name).value];
  const auto first = data_->step_names.begin() + p.first_step;
  const std::vector<std::string> names(first, first + p.step_count);
  const auto what = fmt::format("step of '{}'", product_name);
  return StepId{p.first_step + find_name<StepId>(names, step_name, what.c_str()).value};
}

std::vector<WhatIf> what_ifs(const Plant& plant) {
  std::vector<WhatIf> out;
  const Node* all = plant.document().root().find("what_if");
  if (all == nullptr) return out;
  for (const auto& scenario : all->children) {
    WhatIf one{scenario.key, {}};
    for (const auto& change : scenario.children) one.changes.emplace_back(change.key, to_yaml_line(change));
    out.push_back(std::move(one));
  }
  return out;
}

const char* name_of(QueueRule rule) noexcept {
  switch (rule) {
    case QueueRule::kFifo:
      return "fifo";
    case QueueRule::kLifo:
      return "lifo";
    case QueueRule::kSpt:
      return "spt";
    case QueueRule::kSptKnown:
      return "spt(known)";
    case QueueRule::kEdd:
      return "edd";
    case QueueRule::kPriority:
      return "priority";
    case QueueRule::kLpt:
      return "lpt";
    case QueueRule::kSlack:
      return "slack";
    case QueueRule::kMwkr:
      return "mwkr";
    case QueueRule::kLwkr:
      return "lwkr";
    case QueueRule::kMopnr:
      return "mopnr";
    case QueueRule::kFddMwkr:
      return "fdd_mwkr";
    case QueueRule::kCr:
      return "cr";
    case QueueRule::kAtc:
      return "atc";
    case QueueRule::kCovert:
      return "covert";
    case QueueRule::kMinSetup:
      return "min_setup";
    case QueueRule::kCyclic:
      return "cyclic";
    case QueueRule::kExpression:
      return "expr";
  }
  return "?";
}

const char* name_of(ChooseRule rule) noexcept {
  switch (rule) {
    case ChooseRule::kShortestQueue:
      return "shortest_queue";
    case ChooseRule::kEarliestFinish:
      return "earliest_finish";
    case ChooseRule::kFirst:
      return "first";
    case ChooseRule::kRandom:
      return "random";
    case ChooseRule::kCost:
      return "cost";
    case ChooseRule::kExpression:
      return "expr";
  }
  return "?";
}

const char* name_of(SourceKind kind) noexcept {
  switch (kind) {
    case SourceKind::kRenewal:
      return "every";
    case SourceKind::kSaturate:
      return "saturate";
    case SourceKind::kConwip:
      return "conwip";
    case SourceKind::kKeep:
      return "keep";
  }
  return "?";
}

}  // namespace twin
