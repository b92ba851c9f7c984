/// From a document to a compiled plant: checks everything, reports all faults, lays out the arrays.
#pragma once
#include <vector>

#include "twin/base/error.hpp"
#include "twin/model/document.hpp"
#include "twin/model/plant.hpp"

namespace twin::model_detail {

/// \param found  what was wrong with the text of the document already
/// \throws PlantError with every fault found, before and now
[[nodiscard]] PlantData compile(const Document& document, std::vector<Fault> found = {});

/// Hash of what changes a run, parameters and run settings not counted.
[[nodiscard]] std::uint64_t digest_of(const PlantData& plant);

}  // namespace twin::model_detail
