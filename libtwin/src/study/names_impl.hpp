/// Finding names among many, with a helpful message when there is none.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace twin::study::detail {

/// `forecast: no figure 'Box.finsh'; nearest: Box.finish, ...`
[[nodiscard]] std::string unknown_name(std::string_view where, std::string_view what, std::string_view name,
                                       const std::vector<std::string>& known);

}  // namespace twin::study::detail
