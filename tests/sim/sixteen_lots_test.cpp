#include "../../libtwin/src/sim/sixteen_lots_impl.hpp"

#include <gtest/gtest.h>

#include <array>
#include <random>

#include "twin/base/hash.hpp"

namespace {

using namespace twin;

TEST(SixteenLots, AreHashedAsOneAtATime) {
  std::mt19937_64 random(7);
  for (const detail::Lanes lanes : {detail::Lanes::kTwo, detail::Lanes::kFour, detail::Lanes::kEight}) {
    if (lanes > detail::widest_lanes()) continue;
    for (int trial = 0; trial < 500; ++trial) {
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
}

}  // namespace
