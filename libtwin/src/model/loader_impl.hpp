/// From a document to a compiled plant: checks everything, reports all faults, lays out the arrays.
#pragma once
#include "twin/model/document.hpp"
#include "twin/model/plant.hpp"

namespace twin::model_detail {

/// \throws PlantError with every fault found
[[nodiscard]] PlantData compile(const Document& document);

/// Hash of what changes a run, parameters and run settings not counted.
[[nodiscard]] std::uint64_t digest_of(const PlantData& plant);

}  // namespace twin::model_detail
