#include "../../libtwin/src/sim/draw_ahead_impl.hpp"

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cmath>
#include <random>

#include "../../libtwin/src/sim/sixteen_lots_impl.hpp"

namespace {

using namespace twin;

/// Sixteen draws at once and one at a time have the same bits.
void expect_same_draws(const Distribution& distribution, unsigned lanes) {
  const FlatDistribution& d = distribution.flat();
  const std::uint64_t key = draw_key(Seed{7}, 3);
  for (const std::uint64_t stream : {0x123456789abcdef0ULL, 0ULL, ~0ULL})
    for (const unsigned shift : {0U, 16U})
      for (const std::uint64_t first : {0ULL, 16ULL, 0xfffffff0ULL, 0xfffffffffff0ULL, 160'000ULL}) {
        std::array<double, 16> drawn;
        detail::draw_sixteen(key, stream, first, shift, d, distribution.table(), drawn.data(), lanes);
        for (std::uint64_t i = 0; i < 16; ++i) {
          const double alone = quantile(d, distribution.table(), draw_uniform(key, stream, (first + i) << shift));
          ASSERT_EQ(std::bit_cast<std::uint64_t>(drawn[i]), std::bit_cast<std::uint64_t>(alone))
              << distribution.text() << ", stream " << stream << ", index " << first + i;
        }
      }
}

TEST(DrawAhead, DrawsTheSameBitsAtOnceAsOneAtATime) {
  for (const Distribution& d :
       {Distribution::exponential(54), Distribution::exponential(2).shifted(1),
        Distribution::exponential(3).truncated(1, 5), Distribution::lognormal(0.3, 1.2), Distribution::weibull(1.5, 10),
        Distribution::uniform(2, 3), Distribution::empirical({1, 2, 4, 8}), Distribution::deterministic(5)}) {
    for (unsigned lanes = 2; lanes <= detail::widest_lanes(); lanes *= 2) expect_same_draws(d, lanes);
  }
}

TEST(SixteenLots, AreRoundedAndHashedAsOneAtATime) {
  std::mt19937_64 random(7);
  for (unsigned lanes = 2; lanes <= detail::widest_lanes(); lanes *= 2)
    for (int trial = 0; trial < 2000; ++trial) {
      std::array<double, 16> seconds;
      std::array<std::int64_t, 16> ticks;
      bool short_enough = true;
      for (double& each : seconds) {
        each = std::ldexp(static_cast<double>(random() >> 11), -static_cast<int>(random() % 100));
        if (random() % 4 == 0) each = static_cast<double>(random() % 100) * 0.5e-9;  // halves of a tick
        if (random() % 9 == 0) each = -each;
        if (each > 2e5) each = std::fmod(each, 2e5);
        if (random() % 400 == 0) each = random() % 2 == 0 ? 3e9 : std::nan("");
        short_enough = short_enough && each * 1e9 < 0x1p51;
      }
      ASSERT_EQ(detail::ticks_of_sixteen(seconds.data(), 0x1p51, ticks.data(), lanes), short_enough);
      for (std::size_t i = 0; i < 16 && short_enough; ++i)
        ASSERT_EQ(ticks[i], std::max<Tick>(0, ticks_from_seconds(seconds[i]))) << seconds[i];

      std::array<std::uint64_t, 16> lots;
      std::array<std::int64_t, 16> starts;
      std::array<std::int64_t, 16> ends;
      std::uint64_t expected = 0;
      const std::uint64_t step = random();
      const std::uint64_t machine = random();
      for (std::size_t i = 0; i < 16; ++i) {
        lots[i] = random();
        starts[i] = static_cast<std::int64_t>(random());
        ends[i] = static_cast<std::int64_t>(random());
        const std::uint64_t when = mix64(machine + static_cast<std::uint64_t>(starts[i]) * 0xd1342543de82ef95ULL);
        expected += mix64(mix64(lots[i] + step) ^ (when + static_cast<std::uint64_t>(ends[i]) * 0xaf251af3b0f025b5ULL));
      }
      ASSERT_EQ(detail::digest_sixteen(lots.data(), step, machine, starts.data(), ends.data(), lanes), expected);
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
    const double drawn = ahead.draw(
        place, 5, [&] { return place; }, index, 16, parameters, DistributionId{0});
    ASSERT_EQ(drawn, parameters.quantile(DistributionId{0}, draw_uniform(5, place, index << 16)));
  }
}

}  // namespace
