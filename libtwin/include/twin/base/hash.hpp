/// Hashes that are the same on every machine: for names, digests and stream keys.
#pragma once
#include <cstdint>
#include <string_view>

namespace twin {

/// A bijection of 64-bit numbers that scatters its argument (SplitMix64's finaliser, Steele et al. 2014).
[[nodiscard]] constexpr std::uint64_t mix64(std::uint64_t x) noexcept {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

/// Hash of `value` chained onto `hash`; the order matters.
[[nodiscard]] constexpr std::uint64_t hash_combine(std::uint64_t hash, std::uint64_t value) noexcept {
  return mix64(hash * 0x9e3779b97f4a7c15ULL + value + 0x632be59bd9b4e019ULL);
}

/// Hash of a name (FNV-1a, then scattered): identity of an entity that survives reordering.
[[nodiscard]] constexpr std::uint64_t hash_name(std::string_view name) noexcept {
  std::uint64_t h = 0xcbf29ce484222325ULL;
  for (const char c : name) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return mix64(h);
}

}  // namespace twin
