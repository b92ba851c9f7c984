// Saved states come from outside: whatever the bytes, loading gives FormatError or a state that runs.
// (The codec is libtwin/src/state/codec.cpp; it is tested here because only sim can make states.)
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "random_plant.hpp"
#include "twin/base/hash.hpp"

namespace twin {
namespace {

/// The checksum of the format, so that damage gets past it and meets the checks behind.
std::uint64_t checksum(std::string_view bytes) {
  std::uint64_t h = bytes.size();
  std::size_t i = 0;
  for (; i + 8 <= bytes.size(); i += 8) {
    std::uint64_t word = 0;
    for (std::size_t k = 8; k-- > 0;) word = (word << 8) | static_cast<unsigned char>(bytes[i + k]);
    h = hash_combine(h, word);
  }
  for (; i < bytes.size(); ++i) h = hash_combine(h, static_cast<unsigned char>(bytes[i]));
  return h;
}
void seal(std::string& bytes) {
  if (bytes.size() < 8) return;
  const std::uint64_t sum = checksum(std::string_view(bytes).substr(0, bytes.size() - 8));
  for (std::size_t i = 0; i < 8; ++i) bytes[bytes.size() - 8 + i] = static_cast<char>((sum >> (8 * i)) & 0xffU);
}

/// Loads and, if that works, uses the state in every way.
/// \return whether it loaded
bool survive(const Plant& plant, const std::string& bytes) {
  try {
    State state = State::load(bytes, plant);
    EXPECT_EQ(state.save(plant), bytes) << "what loads is canonical";
    State future = branch(plant, plant.parameters(), state, 3);
    for (State* each : {&state, &future}) {
      const Tick until = std::min(kNever, each->now + 6 * kHour);
      Tick last = each->now;
      for (int i = 1; i <= 4; ++i) {
        std::atomic<bool> cancel = false;
        advance(plant, plant.parameters(), *each,
                Until{.time = last + (until - last) / (5 - i), .orders_done = false, .cancel = &cancel});
        EXPECT_GE(each->now, last);
        last = each->now;
      }
      try {
        (void)State::load(each->save(plant), plant);
      } catch (const FormatError& error) {
        EXPECT_THAT(error.what(), ::testing::HasSubstr("out of range"))
            << "only a number at the end of its range may leave it";
      }
    }
    return true;
  } catch (const FormatError&) {
    return false;
  } catch (const DeadlockError&) {
    return true;
  }
}

struct Sample {
  Plant plant;
  std::string bytes;
};
std::vector<Sample> samples(unsigned count) {
  std::vector<Sample> out;
  for (unsigned seed = 1; seed <= count; ++seed) {
    const Plant plant = random_plant(seed);
    State state = State::initial(plant, Seed{seed});
    advance(plant, plant.parameters(), state, Until{.time = 9 * kHour + static_cast<Tick>(seed) * 97 * kMinute});
    out.push_back({plant, state.save(plant)});
  }
  return out;
}

TEST(SavedState, IsRefusedWithAReasonWhenItIsNone) {
  const Plant plant = random_plant(1);
  const std::string bytes = State::initial(plant).save(plant);
  const auto said = [&](const std::string& text, const Plant& of) {
    try {
      (void)State::load(text, of);
    } catch (const FormatError& error) {
      return std::string(error.what());
    }
    return std::string("nothing");
  };
  using ::testing::HasSubstr;
  EXPECT_EQ(said(bytes, plant), "nothing");
  EXPECT_THAT(said("", plant), HasSubstr("TWINSTAT"));
  EXPECT_THAT(said("stations: {}", plant), HasSubstr("these bytes are no saved state"));
  EXPECT_THAT(said(bytes.substr(0, bytes.size() - 1), plant), HasSubstr("damaged or cut off"));
  EXPECT_THAT(said(bytes, random_plant(2)), HasSubstr("another plant"));
  std::string damaged = bytes;
  damaged[bytes.size() / 2] = static_cast<char>(damaged[bytes.size() / 2] ^ 4);
  EXPECT_THAT(said(damaged, plant), HasSubstr("checksum"));
  std::string newer = bytes;
  newer[8] = 9;
  seal(newer);
  EXPECT_THAT(said(newer, plant), HasSubstr("version 9 cannot be read; allowed: 4"));
  std::string longer = bytes.substr(0, bytes.size() - 8) + std::string(11, '\0');
  seal(longer);
  EXPECT_THAT(said(longer, plant), HasSubstr("something follows its end"));
}

TEST(SavedState, SurvivesEveryCut) {
  for (const auto& [plant, bytes] : samples(6))
    for (std::size_t n = 0; n + 1 < bytes.size(); n += 1 + n / 50) {
      std::string cut = bytes.substr(0, n);
      EXPECT_FALSE(survive(plant, cut));
      seal(cut);
      EXPECT_FALSE(survive(plant, cut)) << n;
    }
}

TEST(SavedState, SurvivesRandomBytes) {
  std::mt19937 random(11);
  const auto all = samples(4);
  for (int i = 0; i < 3000; ++i) {
    const auto& [plant, bytes] = all[static_cast<std::size_t>(i) % all.size()];
    std::string noise = bytes.substr(0, 20);  // magic, version, plant
    const std::size_t n = 8 + random() % 900;
    for (std::size_t k = 0; k < n; ++k) noise += static_cast<char>(random() % (i % 2 == 0 ? 256 : 3));
    seal(noise);
    survive(plant, noise);
  }
}

TEST(SavedState, SurvivesFlippedBitsBehindAGoodChecksum) {
  std::mt19937 random(12);
  int loaded = 0, tried = 0;
  for (const auto& [plant, bytes] : samples(40))
    for (int i = 0; i < 250; ++i, ++tried) {
      std::string damaged = bytes;
      for (std::size_t flips = 1 + random() % 3; flips > 0; --flips) {
        const std::size_t at = 20 + random() % (bytes.size() - 28);
        damaged[at] = static_cast<char>(static_cast<unsigned char>(damaged[at]) ^ (1U << (random() % 8)));
      }
      seal(damaged);
      loaded += survive(plant, damaged) ? 1 : 0;
      if (::testing::Test::HasFailure()) FAIL() << "sample " << tried / 250 << ", try " << i;
    }
  EXPECT_GT(loaded, tried / 50) << "sums and seeds may be anything";
  EXPECT_LT(loaded, tried);
}

TEST(SavedState, SurvivesExtremeNumbersAnywhere) {
  static constexpr std::int64_t kNumbers[] = {0,       -1,         1,           INT64_MAX,   INT64_MIN,  kNever,
                                              -kNever, kNever / 2, -kNever / 2, 0xffff'ffff, 0x7fff'ffff};
  std::mt19937 random(13);
  for (const auto& [plant, bytes] : samples(8))
    for (std::size_t at = 20; at + 16 < bytes.size(); at += 1 + random() % 3) {
      std::string damaged = bytes;
      const auto value = static_cast<std::uint64_t>(kNumbers[random() % std::size(kNumbers)]);
      for (std::size_t k = 0, n = random() % 2 == 0 ? 8 : 4; k < n; ++k)
        damaged[at + k] = static_cast<char>((value >> (8 * k)) & 0xffU);
      seal(damaged);
      survive(plant, damaged);
      if (::testing::Test::HasFailure()) FAIL() << "byte " << at;
    }
}

}  // namespace
}  // namespace twin
