/// Names: ranges (`m[1..20]`), paths, steps of a route, and what someone who mistyped one may have meant.
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "twin/model/document.hpp"

namespace twin::model_detail {

/// Members one range may have.
inline constexpr std::size_t kMaxRange = 10'000;

/// What a name with a range stands for.
struct Expansion {
  std::vector<std::string> names;  ///< one, the name itself, when there is no range
  bool grouped = false;            ///< there was a range
  std::string error;               ///< what is wrong with the range; then there are no names
};
/// `m[1..3]` is m1, m2, m3; `m[01..10]` is m01 to m10.
[[nodiscard]] Expansion expand_name(std::string_view name);

/// One part of a path: a name, or an index into a list.
struct PathPart {
  std::string name;
  std::optional<std::size_t> index;
};
/// \throws InvalidArgument
[[nodiscard]] std::vector<PathPart> parse_path(std::string_view path);
/// The path of the first `count` parts.
[[nodiscard]] std::string path_text(const std::vector<PathPart>& parts, std::size_t count);

/// A step as the route's text gives it.
struct StepName {
  std::string name;     ///< unique in the route: `milling`, `milling#2`
  std::size_t item;     ///< index into the route's list
  std::string station;  ///< the member, when the item stands for a range of stations; else empty
};
/// Names of the steps of a route, as far as they can be told; faulty items are left out.
[[nodiscard]] std::vector<StepName> step_names(const Node& route);

/// The candidate nearest to a mistyped name; empty when none is near.
[[nodiscard]] std::string nearest(std::string_view name, const std::vector<std::string>& candidates);
/// ` (did you mean 'mill'?)`, or nothing.
[[nodiscard]] std::string did_you_mean(std::string_view name, const std::vector<std::string>& candidates);
/// `a, b, c`, cut after a dozen.
[[nodiscard]] std::string list_of(const std::vector<std::string>& names);

}  // namespace twin::model_detail
