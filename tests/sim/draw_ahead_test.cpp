#include "../../libtwin/src/sim/draw_ahead_impl.hpp"

#include <gtest/gtest.h>

#include <bit>

namespace {

using namespace twin;

/// Sixteen draws at once and one at a time have the same bits.
void expect_same_draws(const Distribution& distribution, detail::Lanes lanes) {
  const FlatDistribution& d = distribution.flat();
  const std::uint64_t key = draw_key(Seed{7}, 3);
  for (const std::uint64_t stream : {0x123456789abcdef0ULL, 0ULL, ~0ULL})
    for (const unsigned shift : {0U, 16U})
      for (const std::uint64_t first : {0ULL, 16ULL, 0xfffffff0ULL, 0xfffffffffff0ULL, 160'000ULL}) {
        std::array<double, 16> drawn;
        std::array<Tick, 16> spans;
        detail::draw_sixteen(key, stream, first, shift, d, distribution.table(), drawn.data(), spans.data(), lanes);
        for (std::uint64_t i = 0; i < 16; ++i) {
          const double alone = quantile(d, distribution.table(), draw_uniform(key, stream, (first + i) << shift));
          ASSERT_EQ(std::bit_cast<std::uint64_t>(drawn[i]), std::bit_cast<std::uint64_t>(alone))
              << distribution.text() << ", stream " << stream << ", index " << first + i;
          ASSERT_EQ(spans[i], std::max<Tick>(0, ticks_from_seconds(alone))) << distribution.text() << ", " << alone;
        }
      }
}

TEST(DrawAhead, DrawsTheSameBitsAtOnceAsOneAtATime) {
  for (const Distribution& d :
       {Distribution::exponential(54), Distribution::exponential(2).shifted(1),
        Distribution::exponential(3).truncated(1, 5), Distribution::lognormal(0.3, 1.2), Distribution::weibull(1.5, 10),
        Distribution::uniform(2, 3), Distribution::empirical({1, 2, 4, 8}), Distribution::deterministic(5),
        Distribution::uniform(0, 1e-8), Distribution::exponential(5e9), Distribution::deterministic(0),
        Distribution::empirical({0, 4.5e-9, 0.5e-9, 1.5e-9, 4.6e9, 4.611686018427387e9, 1e300})}) {
    for (const detail::Lanes lanes : {detail::Lanes::kTwo, detail::Lanes::kFour, detail::Lanes::kEight})
      if (lanes <= detail::widest_lanes()) expect_same_draws(d, lanes);
  }
}

TEST(DrawAhead, KeepsTheBitsWhereIndicesDoNotComeInARow) {
  Parameters parameters;
  parameters.distributions = {Distribution::exponential(1).flat()};
  detail::DrawAhead ahead(2);
  std::uint64_t index = 0;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    const std::size_t place = i % 7 == 0 ? 1 + i % 3 : 0;  // places 1 and 3 share an entry
    index += i < 500 ? 1 : i % 40;
    const double speed = i % 5 == 0 ? 1.5 : 1;
    const Tick drawn = ahead.draw(
        place, 5, [&] { return place; }, index, 16, parameters, DistributionId{0}, speed);
    const double alone = parameters.quantile(DistributionId{0}, draw_uniform(5, place, index << 16));
    ASSERT_EQ(drawn, ticks_from_seconds(alone / speed));
  }
}

}  // namespace
