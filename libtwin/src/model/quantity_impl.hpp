/// Reading of quantities that tells apart what is wrong from what is allowed, for faults with two columns.
#pragma once
#include <string>
#include <string_view>

#include "twin/base/distribution.hpp"

namespace twin::model_detail {

/// Why a text is no quantity.
struct TextFault {
  std::string message, allowed;
};

inline constexpr const char* kTimeAllowed = "a number with a unit: ns, us, ms, s, min, h, d, w";

// Each throws TextFault.
[[nodiscard]] double read_seconds(std::string_view text);
[[nodiscard]] double read_si(std::string_view text);
[[nodiscard]] double read_number(std::string_view text);
[[nodiscard]] Distribution read_distribution(std::string_view text, bool time = true);

[[nodiscard]] bool is_number(std::string_view text);
[[nodiscard]] std::string_view trimmed(std::string_view text) noexcept;

}  // namespace twin::model_detail
