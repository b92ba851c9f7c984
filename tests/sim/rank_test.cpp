#include "../../libtwin/src/sim/rank_impl.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "trial.hpp"

namespace {

using namespace twin;
using detail::NearRank;
using detail::RankOf;
using detail::Ranks;

/// The one that is first by looking at each: least rank, then least arrival.
std::uint32_t first_by_hand(const std::map<std::uint32_t, std::pair<RankOf, std::uint64_t>>& lots,
                            const NearRank& rank) {
  std::uint32_t best = kNone;
  double least = 0;
  std::uint64_t arrival = 0;
  for (const auto& [lot, entry] : lots) {
    const auto& [of, arrived] = entry;
    const double value = rank(of.late_from, of.a, of.b);
    if (best != kNone && (value > least || (value == least && arrived > arrival))) continue;
    best = lot;
    least = value;
    arrival = arrived;
  }
  return best;
}

TEST(Ranks, TellWhoIsFirstAsLookingAtEachDoes) {
  for (const QueueRule rule : {QueueRule::kAtc, QueueRule::kCr, QueueRule::kCovert})
    for (std::uint32_t seed = 1; seed <= 6; ++seed) {
      std::mt19937 random(seed);
      Ranks ranks(3);
      ranks.begin(1);
      std::map<std::uint32_t, std::pair<RankOf, std::uint64_t>> lots;
      std::uint64_t arrivals = 0;
      double now = 1e6;
      Wide work = 0;
      for (int step = 0; step < 4000; ++step) {
        now += seed % 2 == 0 ? 0.5 : 10;
        const bool grows = (step / 500) % 2 == 0;
        if (lots.empty() || random() % 4 < (grows ? 3U : 1U)) {
          auto lot = static_cast<std::uint32_t>(random() % 2000);
          while (lots.contains(lot)) lot = (lot + 1) % 2000;
          // Few values, so that ranks are often equal; some lots are never late.
          const RankOf of{random() % 50 == 0 ? math::kInfinity : now - 500 + 20.0 * static_cast<double>(random() % 100),
                          0.25 * static_cast<double>(1 + random() % 8), static_cast<double>(1 + random() % 3)};
          const Tick own = static_cast<Tick>(lot) * kSecond;
          ranks.add(1, lot, arrivals, of, own);
          lots[lot] = {of, arrivals++};
          work += own;
        } else {
          const NearRank rank{rule, now, 0.01};
          const auto exact = [&](std::uint32_t lot, double late_from, double a) {
            EXPECT_EQ(late_from, lots.at(lot).first.late_from);
            EXPECT_EQ(a, lots.at(lot).first.a);
            return rank(late_from, a, lots.at(lot).first.b);
          };
          const std::uint32_t first = ranks.first(1, rank, 1e-9, exact);
          ASSERT_EQ(first, first_by_hand(lots, rank)) << "rule " << static_cast<int>(rule) << ", step " << step;
          const std::uint32_t gone = random() % 5 == 0 ? lots.begin()->first : first;
          ranks.remove(1, gone, static_cast<Tick>(gone) * kSecond);
          work -= static_cast<Tick>(gone) * kSecond;
          lots.erase(gone);
        }
        ASSERT_EQ(ranks.count(1), lots.size());
        ASSERT_TRUE(ranks.work(1) == work);
      }
      ranks.forget(1);
      EXPECT_FALSE(ranks.holds(1));
    }
}

TEST(Ranks, KnowALotWhoseRankIsNoNumber) {
  Ranks ranks(1);
  ranks.begin(0);
  for (std::uint32_t lot = 0; lot < 40; ++lot) ranks.add(0, lot, lot, {math::kInfinity, math::kInfinity, 0}, 0);
  const auto never = [](std::uint32_t, double, double) { return math::kInfinity; };
  EXPECT_EQ(ranks.first(0, {QueueRule::kAtc, 0, 1}, 1e-9, never), 0U);
  ranks.add(0, 40, 40, {5, -1, 0}, 0);
  const auto exact = [](std::uint32_t lot, double, double) { return lot == 40 ? 6 : math::kInfinity; };
  EXPECT_EQ(ranks.first(0, {QueueRule::kAtc, 0, 1}, 1e-9, exact), 40U);
  ranks.add(0, 41, 41, {5, math::kInfinity, 0}, 0);  // work of no time: before all others
  const auto first = [](std::uint32_t lot, double, double) {
    return lot == 41 ? -math::kInfinity : lot == 40 ? 6 : math::kInfinity;
  };
  EXPECT_EQ(ranks.first(0, {QueueRule::kAtc, 0, 1}, 1e-9, first), 41U);
}

/// Sixty lots at one machine, their order computed here from the formulas of the reference.
void expect_order(const std::string& rule, QueueRule which) {
  constexpr int kLots = 60;
  std::mt19937 random(5);
  std::string yaml = "stations: {m: {queue: {rule: " + rule + "}}}\nproducts:\n";
  std::string orders = "orders:\n";
  std::vector<double> work, due;
  for (int i = 0; i < kLots; ++i) {
    work.push_back(10 + static_cast<double>(random() % 20));
    due.push_back(100 + static_cast<double>(random() % 1500));
    yaml += fmt::format("  p{:02}: {{route: [{{at: m, time: {} s}}]}}\n", i, work.back());
    orders += fmt::format("  - {{id: o{:02}, product: p{:02}, due: {} s}}\n", i, i, due.back());
  }
  Trial trial(yaml + orders);
  trial.until(10 * kHour);
  ASSERT_EQ(trial.history.operations.size(), std::size_t{kLots});

  std::vector<int> waiting;
  for (int i = 1; i < kLots; ++i) waiting.push_back(i);  // the first finds the machine idle
  double now = work[0];
  std::string expected = "0";
  while (!waiting.empty()) {
    double mean = 0;
    for (const int i : waiting) mean += work[static_cast<std::size_t>(i)];
    mean /= static_cast<double>(waiting.size());
    const auto rank = [&](int lot) {
      const auto i = static_cast<std::size_t>(lot);
      const double late = std::max(0.0, due[i] - now - work[i]);
      if (which == QueueRule::kCr) return (due[i] - now) / work[i];
      if (which == QueueRule::kAtc) return late / (2 * mean) + std::log(work[i]);
      return -1 / work[i] * std::max(0.0, 1 - late / (2 * work[i]));
    };
    const auto best = std::ranges::min_element(waiting, [&](int a, int b) { return rank(a) < rank(b) - 1e-9; });
    now += work[static_cast<std::size_t>(*best)];
    expected += fmt::format(" {}", *best);
    waiting.erase(best);
  }
  std::string order;
  for (const OperationRecord& r : trial.history.operations)
    order += fmt::format("{}{}", order.empty() ? "" : " ", r.source - trial.plant.data().sources.size());
  EXPECT_EQ(order, expected) << rule;
}
TEST(Ranks, SequenceALongQueueAsTheFormulasSay) {
  expect_order("cr", QueueRule::kCr);
  expect_order("atc(2)", QueueRule::kAtc);
  expect_order("covert(2)", QueueRule::kCovert);
}

TEST(Ranks, AreTheSameInPiecesAndFromASavedState) {
  for (const std::string rule : {"cr", "atc", "covert"}) {
    const std::string yaml = "stations: {m: {queue: {rule: " + rule + "}}, n: {queue: {rule: " + rule + R"(}}}
products:
  a:
    route: [{at: m, time: exponential(3 min)}, {at: n, time: exponential(2 min)}, {at: m, op: again, time: exponential(1 min)}]
    arrivals: conwip(70)
    due: 5 h
  b:
    route: [{at: n, time: exponential(4 min), max_wait: exponential(6 h), if_overdue: leave}, {at: m, time: 1 min}]
    arrivals: conwip(50)
)";
    const Plant plant = Plant::parse(yaml);
    State whole = State::initial(plant, Seed{3});
    advance(plant, plant.parameters(), whole, {.time = 100 * kHour});
    State pieces = State::initial(plant, Seed{3});
    for (int hour = 1; hour <= 100; ++hour) {
      advance(plant, plant.parameters(), pieces, {.time = hour * kHour});
      if (hour % 10 == 0) pieces = State::load(pieces.save(plant), plant);
    }
    EXPECT_EQ(whole.digest(plant), pieces.digest(plant)) << rule;
    EXPECT_GT(whole.products[0].completed, 500U);
  }
}

}  // namespace
