/// Random numbers as a function: (seed, replication, entity, purpose, index) -> uniform. No generator, no state.
///
/// A draw is Philox4x32-10 of a counter made of the entity's stable hash and an index, under a key made of seed and
/// replication. Two entities, purposes, indices or replications never share a number; asking twice gives the same.
/// Source: J. K. Salmon et al., Parallel random numbers: as easy as 1, 2, 3, SC 2011.
#pragma once
#include <array>
#include <cstdint>
#include <string_view>

#include "twin/base/hash.hpp"

namespace twin {

/// The seed of a study. Its replications and branches are told apart by a number beside it.
struct Seed {
  std::uint64_t value = 0;
  friend bool operator==(const Seed&, const Seed&) = default;
};

/// What a draw is for; part of the address of a random number, so values never change.
enum class Purpose : std::uint8_t {
  kService = 1,
  kArrival = 2,
  kFailure = 3,
  kRepair = 4,
  kRouting = 5,
  kTransport = 6,
  kResidual = 7,
  kChoice = 8,
  kSetup = 9,
  kLevel = 10,
  kPatience = 11,
  kBatchSize = 12,
  kLead = 13,
  kYield = 14,
  kOptional = 23,
  kTeardown = 24,
};

/// Key of all draws of one replication.
[[nodiscard]] constexpr std::uint64_t draw_key(Seed seed, std::uint64_t replication) noexcept {
  return hash_combine(hash_combine(0x7477696eULL, seed.value), replication);
}

/// Address of one entity's draws for one purpose.
[[nodiscard]] constexpr std::uint64_t draw_stream(std::uint64_t entity_hash, Purpose purpose) noexcept {
  return hash_combine(entity_hash, static_cast<std::uint64_t>(purpose));
}

namespace detail {
struct Philox {
  std::array<std::uint32_t, 4> c;
  std::array<std::uint32_t, 2> k;
  constexpr void round() noexcept {
    const std::uint64_t p0 = std::uint64_t{0xD2511F53U} * c[0];
    const std::uint64_t p1 = std::uint64_t{0xCD9E8D57U} * c[2];
    c = {static_cast<std::uint32_t>(p1 >> 32) ^ c[1] ^ k[0], static_cast<std::uint32_t>(p1),
         static_cast<std::uint32_t>(p0 >> 32) ^ c[3] ^ k[1], static_cast<std::uint32_t>(p0)};
  }
};
}  // namespace detail

/// 128 random bits at an address, as two words.
[[nodiscard]] constexpr std::array<std::uint64_t, 2> draw_bits(std::uint64_t key, std::uint64_t stream,
                                                               std::uint64_t index) noexcept {
  detail::Philox p{{static_cast<std::uint32_t>(index), static_cast<std::uint32_t>(index >> 32),
                    static_cast<std::uint32_t>(stream), static_cast<std::uint32_t>(stream >> 32)},
                   {static_cast<std::uint32_t>(key), static_cast<std::uint32_t>(key >> 32)}};
  for (int i = 0; i < 10; ++i) {
    p.round();
    p.k[0] += 0x9E3779B9U;
    p.k[1] += 0xBB67AE85U;
  }
  return {(std::uint64_t{p.c[1]} << 32) | p.c[0], (std::uint64_t{p.c[3]} << 32) | p.c[2]};
}

/// Uniform in the open interval (0, 1): the midpoints of 2^52 equal cells, so neither 0 nor 1 ever comes.
[[nodiscard]] constexpr double uniform_from_bits(std::uint64_t bits) noexcept {
  return (static_cast<double>(bits >> 12) + 0.5) * 0x1.0p-52;
}

/// The uniform number at an address, in (0, 1).
[[nodiscard]] constexpr double draw_uniform(std::uint64_t key, std::uint64_t stream, std::uint64_t index) noexcept {
  return uniform_from_bits(draw_bits(key, stream, index)[0]);
}

}  // namespace twin
