#include <algorithm>
#include <numeric>
#include <utility>

#include "names_impl.hpp"

namespace twin::study::detail {
namespace {

/// Number of letters to insert, remove or replace to turn one name into the other (Levenshtein).
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = std::exchange(row[j + 1], std::min({replaced, row[j] + 1, row[j + 1] + 1}));
    }
  }
  return row.back();
}

}  // namespace

std::string unknown_name(std::string_view where, std::string_view what, std::string_view name,
                         const std::vector<std::string>& known) {
  std::vector<std::pair<std::size_t, std::size_t>> nearest;
  for (std::size_t i = 0; i < known.size(); ++i) nearest.emplace_back(distance(name, known[i]), i);
  const auto shown = std::min<std::size_t>(nearest.size(), 4);
  std::partial_sort(nearest.begin(), nearest.begin() + static_cast<std::ptrdiff_t>(shown), nearest.end());
  std::string text = std::string(where) + ": no " + std::string(what) + " '" + std::string(name) + "'";
  for (std::size_t i = 0; i < shown; ++i) text += (i == 0 ? "; nearest: " : ", ") + known[nearest[i].second];
  if (known.empty()) text += "; there is none";
  return text;
}

}  // namespace twin::study::detail
