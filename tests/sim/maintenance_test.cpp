// Maintenance that waits for a machine to be free, and is done early where it is not needed. Timelines are worked out
// by hand.
#include <gtest/gtest.h>

#include "trial.hpp"

namespace twin {
namespace {

/// Operations of 4 s at the mill, back to back. \param maintenance  of the mill
Trial mill(const std::string& maintenance, const std::string& more = "", int lots = 5) {
  return Trial("stations: {mill: {maintenance: [{" + maintenance + "}]" + more +
               "}}\nproducts: {p: {route: [{at: mill, time: 4 s}]}}\norders: [{id: P, product: p, quantity: " +
               std::to_string(lots) + "}]\n");
}

TEST(Maintenance, ThatIsDueBeginsWhenTheOperationUnderWayHasEnded) {
  Trial run = mill("every: 10 s of work, takes: 3 s");
  run.until(40 * kSecond);
  EXPECT_EQ(run.operations(), "P-01 mill 0-4, P-02 mill 4-8, P-03 mill 8-12, P-04 mill 15-19, P-05 mill 19-23")
      << "due at 10 s; then 10 s of work from 15 s on are over at 25 s";
  EXPECT_EQ(run.conditions("mill"), "working 0-12, down 12-15, working 15-23, starved 23-40");
}

TEST(Maintenance, OfTimeAgesByTheClockFromTheLastOne) {
  Trial run = mill("every: 10 s of time, takes: 3 s");
  run.until(40 * kSecond);
  EXPECT_EQ(run.operations(), "P-01 mill 0-4, P-02 mill 4-8, P-03 mill 8-12, P-04 mill 15-19, P-05 mill 19-23");
  EXPECT_EQ(run.conditions("mill"),
            "working 0-12, down 12-15, working 15-23, starved 23-25, down 25-28, starved 28-38, "
            "down 38-40")
      << "idle, it begins at once: at 15 + 10 and 28 + 10";
}

TEST(Maintenance, OfCalendarIsDueAtMultiplesSinceTheEpoch) {
  Trial run = mill("every: 10 s of calendar, takes: 3 s");
  run.until(40 * kSecond);
  EXPECT_EQ(run.operations(), "P-01 mill 0-4, P-02 mill 4-8, P-03 mill 8-12, P-04 mill 15-19, P-05 mill 19-23")
      << "what is due at 20 s waits for the end at 23 s";
  EXPECT_EQ(run.conditions("mill"),
            "working 0-12, down 12-15, working 15-23, down 23-26, starved 26-30, down 30-33, starved 33-40");
}

TEST(Maintenance, OfLotsIsDueAfterSoMany) {
  Trial run = mill("every: 2 of lots, takes: 1 s");
  run.until(40 * kSecond);
  EXPECT_EQ(run.operations(), "P-01 mill 0-4, P-02 mill 4-8, P-03 mill 9-13, P-04 mill 13-17, P-05 mill 18-22");
}

TEST(Maintenance, ThatEndsWithAnOperationBeginsBeforeTheNext) {
  EXPECT_EQ(mill("every: 8 s of work, takes: 1 s").until(40 * kSecond).operations(),
            "P-01 mill 0-4, P-02 mill 4-8, P-03 mill 9-13, P-04 mill 13-17, P-05 mill 18-22");
  EXPECT_EQ(mill("every: 8 s of time, takes: 1 s").until(20 * kSecond).operations(),
            "P-01 mill 0-4, P-02 mill 4-8, P-03 mill 9-13, P-04 mill 13-17");
}

TEST(Maintenance, IsDoneEarlyWhileTheMachineHasNothingToDo) {
  const char* lots = R"(}]}}
products: {p: {route: [{at: mill, time: 4 s}]}}
orders: [{id: A, product: p, quantity: 2}, {id: B, product: p, release: 9 s}, {id: C, product: p, release: 30 s}]
)";
  Trial early(std::string("stations: {mill: {maintenance: [{every: 10 s of work, window: 2 s, takes: 3 s") + lots);
  early.until(40 * kSecond);
  EXPECT_EQ(early.conditions("mill"),
            "working 0-8, down 8-11, working 11-15, starved 15-30, working 30-34, "
            "down 34-37, starved 37-40")
      << "at 8 s 2 s are left, 10 s at 11 s, 6 at 15 s, and 2 again at 34 s";
  Trial late(std::string("stations: {mill: {maintenance: [{every: 10 s of work, window: 1 s, takes: 3 s") + lots);
  late.until(40 * kSecond);
  EXPECT_EQ(late.conditions("mill"),
            "working 0-8, starved 8-9, working 9-13, down 13-16, starved 16-30, working 30-34, "
            "starved 34-40");
}

TEST(Maintenance, IsNotDoneEarlyWhileLotsWait) {
  EXPECT_EQ(mill("every: 10 s of work, window: 9 s, takes: 3 s").until(12 * kSecond).operations(),
            "P-01 mill 0-4, P-02 mill 4-8, P-03 mill 8-12");
}

TEST(Maintenance, OfTimeIsDoneEarlyFromTheInstantAtWhichItMayBe) {
  Trial idle = mill("every: 30 s of time, window: 5 s, takes: 3 s");
  idle.until(40 * kSecond);
  EXPECT_EQ(idle.conditions("mill"), "working 0-20, starved 20-25, down 25-28, starved 28-40");
  Trial busy = mill("every: 30 s of time, window: 12 s, takes: 3 s");
  busy.until(40 * kSecond);
  EXPECT_EQ(busy.conditions("mill"), "working 0-20, down 20-23, starved 23-40") << "it might since 18 s";
}

TEST(Maintenance, IsDoneEarlyWhileTheMachineIsDownAnyway) {
  Trial run =
      mill("every: 10 s of work, window: 5 s, takes: 3 s", ", failures: [{after: 6 s of work, repair: 2 s, times: 1}]");
  run.until(40 * kSecond);
  EXPECT_EQ(run.conditions("mill"), "working 0-6, down 6-9, working 9-19, down 19-22, working 22-26, starved 26-40")
      << "4 s are left at 6 s; it is down until both are done; 10 s of work from 9 s on are over at 19 s";
}

TEST(Maintenance, IsDoneEarlyWhileTheMachineIsClosed) {
  Trial run(R"(
calendars: {c: {daily: "00:00-06:00"}}
stations: {mill: {calendar: c, maintenance: [{every: 8 h of work, window: 4 h, takes: 2 h}]}}
products: {p: {route: [{at: mill, time: 5 h}]}}
orders: [{id: P, product: p, quantity: 3}]
)");
  run.until(40 * kHour);
  EXPECT_EQ(run.operations(kHour), "P-01 mill 0-5, P-02 mill 5-28") << "1 h, and 4 h the next day";
  EXPECT_EQ(run.state.failures[0].count, 2U) << "at 6 h and at 30 h 2 h were left";
  EXPECT_EQ(run.conditions("mill", kHour), "working 0-6, off 6-24, working 24-30, off 30-40")
      << "done while it was off";
}

TEST(Maintenance, WaitsForItsFitter) {
  Trial run(R"(
operators: {fitter: 1}
stations: {mill: {maintenance: [{every: 4 s of work, takes: 2 s, needs: fitter}]}, saw: {needs: fitter}}
products: {p: {route: [{at: mill, time: 4 s}]}, q: {route: [{at: saw, time: 9 s}]}}
orders: [{id: P, product: p, quantity: 2}, {id: Q, product: q, release: 1 s}]
)");
  run.until(30 * kSecond);
  EXPECT_EQ(run.operations(), "P-01 mill 0-4, Q saw 1-10, P-02 mill 12-16");
  EXPECT_EQ(run.conditions("mill"), "working 0-4, down 4-12, working 12-16, down 16-18, starved 18-30");
}

TEST(Maintenance, RenewsOtherModes) {
  const std::string spindle = ", failures: [{name: spindle, after: 9 s of work, repair: 5 s}]";
  EXPECT_EQ(mill("every: 8 s of work, takes: 1 s", spindle).until(18 * kSecond).operations(),
            "P-01 mill 0-4, P-02 mill 4-8, P-03 mill 9-18")
      << "1 s of work later the spindle fails";
  EXPECT_EQ(mill("every: 8 s of work, takes: 1 s, renews: spindle", spindle).until(40 * kSecond).operations(),
            "P-01 mill 0-4, P-02 mill 4-8, P-03 mill 9-13, P-04 mill 13-17, P-05 mill 18-22");
  const std::string pump = ", failures: [{name: pump, after: 10 s of time, repair: 5 s}]";
  Trial run = mill("every: 8 s of work, takes: 1 s, renews: [pump]", pump);
  EXPECT_EQ(run.until(18 * kSecond).conditions("mill"), "working 0-8, down 8-9, working 9-17, down 17-18")
      << "the pump would have failed at 10 s, and now at 19 s";
  EXPECT_EQ(run.state.failures[0].renewals, 2U);
}

TEST(Maintenance, BeginsOnAMachineThatIsBlocked) {
  Trial run(R"(
stations: {mill: {maintenance: [{every: 6 s of work, window: 3 s, takes: 2 s}]}, saw: {queue: {places: 0}}}
products: {p: {route: [{at: mill, time: 4 s}, {at: saw, time: 9 s}]}}
orders: [{id: P, product: p, quantity: 2}]
)");
  run.until(30 * kSecond);
  EXPECT_EQ(run.conditions("mill"), "working 0-8, down 8-10, blocked 10-13, starved 13-30");
  EXPECT_EQ(run.operations(), "P-01 mill 0-4, P-02 mill 4-8, P-01 saw 4-13, P-02 saw 13-22");
}

TEST(Maintenance, KeepsItsAgeInAChangedPlant) {
  const Plant plant = Plant::parse(
      "stations: {mill: {failures: [{name: x, after: 100 s of time, repair: 1 s}], maintenance: [{every: 30 s of time, "
      "takes: 4 s, renews: x}]}}\nproducts: {p: {route: [{at: mill, time: 4 s}]}}\norders: [{id: P, product: p}]\n");
  const auto moved = [&](Tick at, const std::string& path, const std::string& value) {
    State state = State::initial(plant);
    advance(plant, plant.parameters(), state, Until{.time = at * kSecond});
    const Plant to = plant.change({{path, value}});
    state = migrate(plant, to, state);
    EXPECT_TRUE(equal(to, State::load(state.save(to), to), state));
    return state.queue.time_of(Slots(to.data()).modes + static_cast<std::uint32_t>(to.data().modes.size()) - 1) /
           kSecond;
  };
  EXPECT_EQ(moved(20, "stations.mill.maintenance[0].every", "90 s of time"), 30) << "drawn already";
  EXPECT_EQ(moved(20, "stations.mill.maintenance[0].window", "7 s"), 23);
  EXPECT_EQ(moved(20, "stations.mill.failures",
                  "[{after: 99 s of time, repair: 1 s}, {name: x, after: 100 s of time, repair: 1 s}]"),
            30)
      << "known by its place among maintenance";
  EXPECT_EQ(moved(32, "stations.mill.machines", "1"), 34) << "under way";
}

}  // namespace
}  // namespace twin
