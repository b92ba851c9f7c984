#include "twin/base/random.hpp"

#include <gtest/gtest.h>
#include <cmath>
#include <set>

#include "twin/base/hash.hpp"

namespace twin {
namespace {

using Words = std::array<std::uint64_t, 2>;

TEST(Random, DrawBitsReproduceTheKnownAnswersOfPhilox4x32With10Rounds) {
  // Published with Random123 (kat_vectors): counter and key all zeros, all ones, digits of pi.
  EXPECT_EQ(draw_bits(0, 0, 0), (Words{0xe169c58d6627e8d5ULL, 0x9b00dbd8bc57ac4cULL}));
  EXPECT_EQ(draw_bits(~0ULL, ~0ULL, ~0ULL), (Words{0x41c83b0e408f276dULL, 0x6d5451fda20bc7c6ULL}));
  EXPECT_EQ(draw_bits(0x299f31d0a4093822ULL, 0x0370734413198a2eULL, 0x85a308d3243f6a88ULL),
            (Words{0x94fdccebd16cfe09ULL, 0x24126ea15001e420ULL}));
}

TEST(Random, DrawsAreConstantExpressions) {
  static_assert(draw_uniform(1, 2, 3) == draw_uniform(1, 2, 3));
  static_assert(draw_key(Seed{1}, 0) != draw_key(Seed{1}, 1));
  static_assert(hash_name("mill") != hash_name("mill."));
}

TEST(Random, UniformNeverReachesZeroOrOneAndItsComplementIsExact) {
  EXPECT_EQ(uniform_from_bits(0), 0x1p-53);
  EXPECT_EQ(uniform_from_bits(~0ULL), 1 - 0x1p-53);
  for (std::uint64_t i = 0; i < 1000; ++i) {
    const double u = draw_uniform(7, 8, i);
    EXPECT_EQ(1 - (1 - u), u);
  }
}

TEST(Random, UniformHasTheMomentsOfAUniform) {
  constexpr int kDraws = 1'000'000;
  double sum = 0, squares = 0, product = 0, before = 0.5;
  for (std::uint64_t i = 0; i < kDraws; ++i) {
    const double u = draw_uniform(11, 12, i) - 0.5;
    sum += u;
    squares += u * u;
    product += u * before;
    before = u;
  }
  const double sigma = 1 / std::sqrt(12.0 * kDraws);  // of the mean
  EXPECT_NEAR(sum / kDraws, 0, 4 * sigma);
  EXPECT_NEAR(squares / kDraws, 1.0 / 12, 4 * sigma);
  EXPECT_NEAR(product / kDraws, 0, 4 * sigma);
}

TEST(Random, NoTwoAddressesShareANumber) {
  std::set<std::uint64_t> seen;
  std::size_t asked = 0;
  for (std::uint64_t replication = 0; replication < 4; ++replication)
    for (const char* name : {"mill.1", "mill.2", "lathe.1"})
      for (const Purpose purpose : {Purpose::kService, Purpose::kFailure, Purpose::kRepair})
        for (std::uint64_t index = 0; index < 50; ++index) {
          seen.insert(draw_bits(draw_key(Seed{42}, replication), draw_stream(hash_name(name), purpose), index)[0]);
          ++asked;
        }
  EXPECT_EQ(seen.size(), asked);
}

TEST(Hash, OrderAndContentMatter) {
  EXPECT_NE(hash_combine(hash_combine(0, 1), 2), hash_combine(hash_combine(0, 2), 1));
  EXPECT_NE(hash_name("ab"), hash_name("ba"));
  EXPECT_NE(hash_name(""), 0U);
}

}  // namespace
}  // namespace twin
