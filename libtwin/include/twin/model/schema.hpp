/// The JSON Schema of scenario files, and what each key of one plant means and comes to.
///
/// Both come from the table of keys that reading a plant uses, so they cannot disagree with it.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "twin/model/plant.hpp"

namespace twin {

/// JSON Schema (draft 2020-12) of a scenario file, for editors. Quantities and distributions are checked on loading
/// only.
[[nodiscard]] std::string plant_schema();

/// One key of an element: what holds, and why.
struct Explained {
  std::string path;
  std::string value;    ///< as written, or what holds by default
  std::string origin;   ///< `shop.yaml:12:9`, `default`, or `set in code`
  std::string meaning;  ///< of the key
  std::string allowed;  ///< what its value may be; empty for members of a collection
};

/// Every key of what stands at `path` (a station, `stations.mill.queue`, a step, `run`, ... or "" for the whole plant)
/// with its effective value; for a collection, its members; for a single key such as `run.seed`, that key, whether it
/// is written or not.
/// \throws InvalidArgument when nothing stands there, naming what does
[[nodiscard]] std::vector<Explained> explain(const Plant& plant, std::string_view path = "");

}  // namespace twin
