/// Reading a document on past its faults, so that none hides the others.
#pragma once
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "twin/base/error.hpp"
#include "twin/model/document.hpp"

namespace twin::model_detail {

/// A document as far as it could be read: of a key that stands twice, the first; of a table of orders, the good lines.
struct Reading {
  Document document;
  std::vector<Fault> faults;
};

/// Reads as Document::load does. \throws PlantError when nothing is left to check, FormatError
[[nodiscard]] Reading load_document(const std::filesystem::path& file);
/// Reads as Document::parse does. \throws PlantError when nothing is left to check
[[nodiscard]] Reading parse_document(std::string_view yaml, const std::string& name,
                                     const std::filesystem::path& folder);

/// Reads as twin::parse_yaml does, except that keys that stand twice are noted. \throws PlantError for what is no YAML
[[nodiscard]] Node parse_yaml(std::string_view yaml, const std::string& file, std::vector<Fault>& noted);

/// Brings faults into the order of the file.
void sort_faults(std::vector<Fault>& faults);

/// Throws `fatal` together with what was noted before it, in the order of the file.
[[noreturn]] void fail_with(std::vector<Fault> noted, const PlantError& fatal);

}  // namespace twin::model_detail
