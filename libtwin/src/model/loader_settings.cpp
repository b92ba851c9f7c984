#include "plant_loader_impl.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <charconv>

#include "twin/model/quantity.hpp"

namespace twin::model_detail {

void PlantLoader::read_run(const Place& place) {
  if (!place || !keys(place, Level::kRun, Shape::kRun)) return;
  auto& run = plant_.run;
  run.warmup = duration(child(place, "warmup")).value_or(0);
  const auto until = child(place, "until");
  run.until = instant(until, Shape::kEnd).value_or(kNever);
  if (until && run.until <= 0)
    fault(until, "the run would end before it begins", "a time after the epoch");
  else if (run.until <= run.warmup)
    fault(until ? until : place, "the run ends before its warmup does",
          fmt::format("after {}", format_duration(Duration{run.warmup})));
  run.replications = static_cast<int>(integer(child(place, "replications"), Shape::kCount, 1, 1'000'000).value_or(1));
  if (const auto seed = child(place, "seed"); seed && scalar(seed, Shape::kSeed)) {
    const auto& text = seed.node->scalar;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), run.seed);
    if (error != std::errc{} || end != text.data() + text.size()) wrong_kind(seed, Shape::kSeed);
  }
}

void PlantLoader::read_expect(const Place& place) {
  if (!place) return;
  if (!place.node->is_mapping()) return wrong_kind(place, Shape::kExpect);
  for (const auto& entry : place.node->children) {
    const Place at{&entry, join_path(place.path, entry.key)};
    if (const auto value = read(at, Shape::kExpect, read_si)) plant_.expect[entry.key] = *value;
    const auto dot = entry.key.rfind('.');
    if (dot == std::string::npos || dot == 0 || dot + 1 == entry.key.size())
      fault(entry.key_mark, at.path, entry.key, fmt::format("'{}' names no metric", entry.key),
            "what.quantity, as in part.cycle_time");
  }
}

void PlantLoader::read_what_if(const Place& place) {
  if (!place) return;
  if (!place.node->is_mapping()) return wrong_kind(place, Shape::kWhatIf);
  const auto tops = key_names(Level::kTop);
  for (const auto& scenario : place.node->children) {
    const Place at{&scenario, join_path(place.path, scenario.key)};
    if (scenario.is_null()) continue;
    if (!scenario.is_mapping()) {
      wrong_kind(at, Shape::kWhatIf);
      continue;
    }
    for (const auto& change : scenario.children) {
      const auto refuse = [&](const std::string& message, const std::string& allowed_text) {
        fault(change.key_mark, at.path, change.key, message, allowed_text);
      };
      try {
        const auto parts = parse_path(change.key);
        if (parts.empty() || std::find(tops.begin(), tops.end(), parts.front().name) == tops.end())
          refuse(fmt::format("'{}' starts at no key of a plant{}", change.key,
                             did_you_mean(parts.empty() ? "" : parts.front().name, tops)),
                 list_of(tops));
      } catch (const InvalidArgument& error) {
        refuse(error.what(), "");
      }
    }
  }
}

void PlantLoader::check_demand(const Place& top) {
  const auto orders = child(top, "orders");
  const bool ordered = orders && !(orders.node->is_sequence() && orders.node->children.empty());
  const bool arriving = std::any_of(product_nodes_.begin(), product_nodes_.end(), [](const Node* product) {
    const Node* arrivals = product->find("arrivals");
    return arrivals != nullptr && !arrivals->is_null();
  });
  if (product_nodes_.empty() || ordered || arriving) return;
  fault(child(top, "products"), "no product is ever made: none has arrivals, and there are no orders",
        "arrivals: of a product, or orders:");
}

}  // namespace twin::model_detail
