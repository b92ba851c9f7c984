/// Reading pieces of a document: values of each shape, and the faults that are found on the way.
#pragma once
#include <fmt/format.h>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "keys_impl.hpp"
#include "names_impl.hpp"
#include "quantity_impl.hpp"
#include "twin/base/distribution.hpp"
#include "twin/base/error.hpp"
#include "twin/base/time.hpp"
#include "twin/model/document.hpp"

namespace twin::model_detail {

inline constexpr std::size_t kMaxFaults = 200;

/// More faults than anyone reads: stop looking.
struct TooMany {};

/// A piece of the document and the path that leads there.
struct Place {
  const Node* node = nullptr;
  std::string path;
  explicit operator bool() const { return node != nullptr; }
};

/// Reads values and collects faults. A reading of an absent place gives nothing and is no fault; so does a faulty one,
/// after its fault has been noted.
class Reader {
 protected:
  // Faults ------------------------------------------------------------------------------------------------------------

  /// Throws what was found, in the order of the file.
  [[noreturn]] void fail();
  void fault(const Mark& mark, const std::string& path, std::string value, std::string message,
             std::string allowed_text);
  void fault(const Place& place, std::string message, std::string allowed_text);
  void fault(const Place& place, const TextFault& text);
  static std::string shown(const Node& node);
  void wrong_kind(const Place& place, Shape shape);
  /// Stops everything when a plant grows beyond all measure.
  void room(std::size_t present, const Place& place, const char* what);

  // Keys and values ---------------------------------------------------------------------------------------------------

  /// The value of a key, unless absent or null.
  static Place child(const Place& place, const char* key);
  /// Checks that a mapping holds known keys only. \return false when it is no mapping
  bool keys(const Place& place, Level level, Shape shape);
  bool scalar(const Place& place, Shape shape);

  template <class Read>
  auto read(const Place& place, Shape shape, Read&& reading) -> std::optional<decltype(reading(std::string_view{}))> {
    if (!place || !scalar(place, shape)) return std::nullopt;
    try {
      return reading(std::string_view(place.node->scalar));
    } catch (const TextFault& text) {
      fault(place, text);
      return std::nullopt;
    }
  }

  std::optional<std::int64_t> integer(const Place& place, Shape shape, std::int64_t low, std::int64_t high);
  std::optional<double> number(const Place& place, Shape shape, double low, double high, bool above_low);
  std::optional<Tick> duration(const Place& place);
  std::optional<Distribution> distribution(const Place& place);
  /// A time that is left out when it is 0.
  std::optional<Distribution> delay(const Place& place);

  template <class Enum>
  std::optional<Enum> one_of(const Place& place, Shape shape, std::initializer_list<Enum> values,
                             const char* (*name)(Enum)) {
    if (!place || !scalar(place, shape)) return std::nullopt;
    std::vector<std::string> names;
    for (const auto value : values) {
      if (place.node->scalar == name(value)) return value;
      names.emplace_back(name(value));
    }
    fault(place, fmt::format("'{}' is unknown{}", shown(*place.node), did_you_mean(place.node->scalar, names)),
          allowed(shape));
    return std::nullopt;
  }

  // Names -------------------------------------------------------------------------------------------------------------

  bool good_name(const Mark& mark, const std::string& path, const std::string& name);
  /// Names under which results tell of everything together.
  void not_reserved(const Mark& mark, const std::string& path, const std::string& name);
  /// Members of the name an entry stands under; faulty ranges are reported.
  std::vector<std::string> members(const Mark& mark, const std::string& path, const std::string& name);

  std::vector<Fault> faults_;

 private:
  std::set<std::string> seen_;
};

}  // namespace twin::model_detail
