#include "twin/gateway/emulate.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <tuple>

#include "twin/base/error.hpp"
#include "twin/gateway/rules.hpp"
#include "twin/gateway/shdr.hpp"
#include "twin/sync/operations.hpp"

namespace twin::gateway {
namespace {

Plant shop() { return Plant::load("scenarios/shops/emulated.yaml"); }

/// Cells that break down by work and by the clock, block, rework and close for the night, without loading time.
Plant busy() {
  return Plant::parse(R"yaml(
calendars: {day: {daily: "06:00-22:00"}}
stations:
  cut: {machines: 2, calendar: day, failures: [{after: exponential(3 h) of work, repair: exponential(20 min)}]}
  mill.a: {machines: {A: {}}, calendar: day, queue: {places: 2}, failures: [{after: exponential(5 h) of time, repair: 7 min}]}
products:
  pin:
    route:
      - {at: cut, time: exponential(13 min)}
      - {at: mill.a, op: OP2, time: "uniform(0, 14 min)", then: {rework: {cut: 0.2}, scrap: 0.1}}
    arrivals: every exponential(12 min)
run: {until: 6 d}
)yaml");
}

class Folder {
 public:
  Folder() : path_(std::filesystem::path(testing::TempDir()) / ("emulate_" + name())) {
    std::filesystem::remove_all(path_);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  const std::filesystem::path& path() const { return path_; }

 private:
  static std::string name() { return testing::UnitTest::GetInstance()->current_test_info()->name(); }
  std::filesystem::path path_;
};

struct Inferred {
  std::vector<sync::Operation> operations;
  sync::LineCounts counts;
};

Inferred infer(const Plant& plant, const Emulation& emulation, const std::filesystem::path& folder) {
  write_emulation(plant, emulation, folder);
  const sync::Rules rules = load_rules("scenarios/shops/emulated-rules.yaml");
  const LogFolder logs = read_logs(folder, rules);
  EXPECT_EQ(logs.logs.size(), plant.data().machines.size());
  EXPECT_THAT(logs.skipped, testing::SizeIs(2));  // the truth
  Inferred out;
  for (const auto& job : logs.logs) {
    out.counts.lines += job.log.counts.lines;
    out.counts.duplicates += job.log.counts.duplicates;
    out.counts.late += job.log.counts.late;
    out.counts.quarantined += job.log.counts.quarantined;
  }
  sync::InferOptions options;
  options.until = plant.wall(emulation.end).time_since_epoch().count();
  out.operations = sync::infer_operations(logs.logs, rules, options);
  return out;
}

using Row = std::tuple<std::string, std::string, std::string, std::string, Tick, Tick, int, bool, Tick>;

std::vector<Row> rows(const Plant& plant, const Emulation& emulation) {
  std::vector<Row> out;
  const auto wall = [&](Tick t) { return plant.wall(t).time_since_epoch().count(); };
  for (const EmulatedOperation& op : emulation.operations)
    out.emplace_back(op.part, op.product, op.operation, op.machine, wall(op.start), wall(op.end), op.interruptions,
                     op.completed, op.processing);
  std::sort(out.begin(), out.end());
  return out;
}
std::vector<Row> rows(const std::vector<sync::Operation>& operations) {
  std::vector<Row> out;
  for (const sync::Operation& op : operations)
    out.emplace_back(op.part, op.product, op.operation, op.machine, op.start, op.end, op.interruptions,
                     op.outcome == sync::Outcome::kCompleted, op.processing_time());
  std::sort(out.begin(), out.end());
  return out;
}

TEST(Emulate, LogsGiveBackTheTruthExactly) {
  const Plant plant = shop();
  const Folder folder;
  const Emulation emulation = emulate(plant, {.seed = Seed{1}});
  EXPECT_EQ(emulation.operations.size(), 24U * 5 + 24U * 3 + 20U * 2);
  EXPECT_GT(std::count_if(emulation.operations.begin(), emulation.operations.end(),
                          [](const auto& op) { return op.interruptions > 0; }),
            10);
  const Inferred inferred = infer(plant, emulation, folder.path());
  EXPECT_EQ(rows(inferred.operations), rows(plant, emulation));
  EXPECT_EQ(inferred.counts.lines, emulation.lines.size());
  EXPECT_EQ(inferred.counts.late + inferred.counts.duplicates + inferred.counts.quarantined, 0U);
}

TEST(Emulate, LateAndRepeatedLinesChangeNothing) {
  const Plant plant = shop();
  const Folder folder;
  const Emulation emulation = emulate(plant, {.seed = Seed{2}, .late = 0.05, .duplicates = 0.1});
  const Inferred inferred = infer(plant, emulation, folder.path());
  EXPECT_EQ(rows(inferred.operations), rows(plant, emulation));
  EXPECT_EQ(inferred.counts.duplicates, emulation.duplicates);
  EXPECT_EQ(inferred.counts.late, emulation.late);
  EXPECT_GT(emulation.late, emulation.lines.size() / 50);
  EXPECT_NEAR(static_cast<double>(emulation.duplicates) / static_cast<double>(emulation.lines.size()), 0.1 / 1.1, 0.01);
}

TEST(Emulate, FollowsReworkBlockingAndFailuresInBusyCells) {
  const Plant plant = busy();
  for (const std::uint64_t seed : {1U, 2U, 3U, 4U, 5U}) {
    const Folder folder;
    const Emulation emulation = emulate(plant, {.seed = Seed{seed}, .late = 0.2, .duplicates = 0.05});
    EXPECT_GT(emulation.operations.size(), 500U);
    EXPECT_EQ(rows(infer(plant, emulation, folder.path()).operations), rows(plant, emulation)) << "seed " << seed;
  }
}

TEST(Emulate, EndsInTheMiddleWithOperationsInProgress) {
  const Plant plant = shop();
  long in_progress = 0;
  for (Tick until = 31 * kHour; until < 40 * kHour; until += 67 * kMinute) {
    const Folder folder;
    const Emulation emulation = emulate(plant, {.seed = Seed{1}, .until = until});
    in_progress += std::count_if(emulation.operations.begin(), emulation.operations.end(),
                                 [](const auto& op) { return !op.completed; });
    EXPECT_EQ(emulation.end, until);
    EXPECT_THAT(emulation.order_finish, testing::Each(kNever));
    EXPECT_EQ(rows(infer(plant, emulation, folder.path()).operations), rows(plant, emulation));
  }
  EXPECT_GT(in_progress, 8);
}

TEST(Emulate, TellsWhatHappensAtItsEnd) {
  for (const Plant& plant : {shop(), busy()}) {
    const Emulation whole = emulate(plant, {.seed = Seed{2}, .until = 3 * kDay});
    std::map<std::string, int> times;  // by what is said, numbers left out except those of states
    for (const EmulatedLine& line : whole.lines) {
      std::string said = line.text.substr(line.text.find('|') + 1);
      if (!said.starts_with("Program_Status")) said.resize(said.find('|'));
      if (const int n = ++times[said]; line.written == 0 || (n != 1 && n != 12)) continue;
      const Folder folder;
      const Emulation brief = emulate(plant, {.seed = Seed{2}, .until = line.written});
      EXPECT_EQ(rows(infer(plant, brief, folder.path()).operations), rows(plant, brief)) << line.text;
      const auto end = std::find_if(whole.lines.begin(), whole.lines.end(),
                                    [&](const EmulatedLine& other) { return other.written > line.written; });
      ASSERT_EQ(brief.lines.size(), static_cast<std::size_t>(end - whole.lines.begin())) << line.text;
      for (std::size_t i = 0; i < brief.lines.size(); ++i) ASSERT_EQ(brief.lines[i].text, whole.lines[i].text);
    }
    EXPECT_GT(times["Program_Status|ACTIVE"], 12);
    EXPECT_GT(times["Program_Status|PROGRAM_COMPLETED"], 12);
    EXPECT_GT(times["Program_Status|PROGRAM_STOPPED"], 0);
    EXPECT_GT(times["Program_Status|FEED_HOLD"], 0);
    EXPECT_EQ(times.size(), 12U);
  }
}

TEST(Emulate, ALongerRunRepeatsTheShorterOne) {
  const Plant plant = shop();
  const Emulation brief = emulate(plant, {.seed = Seed{1}, .until = 33 * kHour});
  const Emulation whole = emulate(plant, {.seed = Seed{1}});
  ASSERT_LT(brief.lines.size(), whole.lines.size());
  for (std::size_t i = 0; i < brief.lines.size(); ++i) ASSERT_EQ(brief.lines[i].text, whole.lines[i].text) << i;
}

TEST(Emulate, MostOperationsSurviveBreaksInTheConnection) {
  const Plant plant = shop();
  const Folder folder;
  const Emulation emulation = emulate(plant, {.seed = Seed{3}, .gaps = 0.05});
  EXPECT_GT(emulation.lost, 0U);
  const auto inferred = rows(infer(plant, emulation, folder.path()).operations);
  const auto truth = rows(plant, emulation);
  std::vector<Row> both;
  std::set_intersection(truth.begin(), truth.end(), inferred.begin(), inferred.end(), std::back_inserter(both));
  EXPECT_GT(both.size(), truth.size() * 8 / 10);
  EXPECT_NEAR(static_cast<double>(inferred.size()), static_cast<double>(truth.size()),
              0.05 * static_cast<double>(truth.size()));
}

TEST(Emulate, WorksWhateverIsLost) {
  const Plant plant = busy();
  for (const double gaps : {0.3, 0.6, 0.9}) {
    const Folder folder;
    const Emulation emulation = emulate(
        plant,
        {.seed = Seed{4}, .late = 0.5, .duplicates = 0.5, .gaps = gaps, .mean_gap = kMinute, .max_skew = kMinute});
    EXPECT_THAT(infer(plant, emulation, folder.path()).operations, testing::Not(testing::IsEmpty()));
  }
}

TEST(Emulate, ClocksAreWrongByWhatTheTruthSays) {
  const Plant plant = shop();
  const Folder folder;
  const Emulation emulation = emulate(plant, {.seed = Seed{1}, .until = 2 * kDay, .max_skew = 150 * kSecond});
  auto inferred = infer(plant, emulation, folder.path()).operations;
  const auto truth = rows(plant, emulation);
  const auto& machines = plant.data().machine_names;
  for (sync::Operation& op : inferred) {
    const auto m = std::find(machines.begin(), machines.end(), op.machine) - machines.begin();
    const Tick skew = emulation.clock_skew[static_cast<std::size_t>(m)];
    EXPECT_LE(std::abs(skew), 150 * kSecond);
    op.start -= skew;
    if (op.outcome == sync::Outcome::kCompleted) op.end -= skew;
  }
  const auto seen = rows(inferred);
  ASSERT_EQ(seen.size(), truth.size());
  for (std::size_t i = 0; i < seen.size(); ++i) {
    EXPECT_EQ(std::get<0>(seen[i]), std::get<0>(truth[i]));
    EXPECT_EQ(std::get<4>(seen[i]), std::get<4>(truth[i]));
    EXPECT_EQ(std::get<5>(seen[i]), std::get<5>(truth[i]));
  }
}

TEST(Emulate, SameSeedSameLinesAndDefectsChangeNoTruth) {
  const Plant plant = shop();
  const auto text = [](const Emulation& e) {
    std::string all;
    for (const EmulatedLine& line : e.lines) all += line.text + "\n";
    return all;
  };
  const Emulation plain = emulate(plant, {.seed = Seed{7}});
  EXPECT_EQ(text(plain), text(emulate(plant, {.seed = Seed{7}})));
  EXPECT_NE(text(plain), text(emulate(plant, {.seed = Seed{8}})));
  const Emulation broken =
      emulate(plant, {.seed = Seed{7}, .late = 0.1, .duplicates = 0.1, .gaps = 0.1, .max_skew = kSecond});
  EXPECT_EQ(rows(plant, plain), rows(plant, broken));
}

TEST(Emulate, ProgramsProgressAlikeWhateverThePace) {
  const Plant plant = shop();
  const Folder folder;
  const auto operations = infer(plant, emulate(plant, {.seed = Seed{1}}), folder.path()).operations;
  std::map<double, std::vector<double>> share;  // by block: share of processing time passed
  for (const auto& op : operations) {
    if (op.product != "Housing" || op.operation != "OP1") continue;
    EXPECT_THAT(op.programs, testing::ElementsAre("Housing-OP1.NC"));
    EXPECT_GT(op.tools.size(), 1U);
    for (const auto& mark : op.blocks)
      share[mark.block].push_back(static_cast<double>(mark.processed) / static_cast<double>(op.processing_time()));
  }
  EXPECT_EQ(share.size(), 288U);  // 48 min at 10 s
  for (const auto& [block, shares] : share) {
    ASSERT_EQ(shares.size(), 24U);
    const auto [low, high] = std::minmax_element(shares.begin(), shares.end());
    EXPECT_LT(*high - *low, 0.02) << block;
  }
}

TEST(Emulate, WritesLinesAsTimePasses) {
  const Plant plant = Plant::parse(R"(
stations: {mill: {machines: {A: {}}}}
products: {part: {route: [{at: mill, time: 60 s}], arrivals: every 60 s}}
run: {until: 5 min}
)");
  const Folder folder;
  const Emulation emulation = emulate(plant);
  std::vector<std::uintmax_t> sizes;
  const auto begin = std::chrono::steady_clock::now();
  write_emulation(plant, emulation, folder.path(),
                  {.speed = 600, .progress = [&](int, int) {
                     sizes.push_back(std::filesystem::file_size(folder.path() / "A.txt"));
                   }});
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  EXPECT_GT(took.count(), 0.35);  // up to the last line, 4 min 50 s or so
  EXPECT_GT(sizes.size(), 4U);
  EXPECT_TRUE(std::is_sorted(sizes.begin(), sizes.end()));
  EXPECT_LT(sizes.front(), sizes.back());
}

TEST(Emulate, StopsWhenProgressThrows) {
  const Plant plant = shop();
  const Folder folder;
  const Emulation emulation = emulate(plant, {.until = kDay});
  EXPECT_THROW(
      write_emulation(plant, emulation, folder.path(), {.speed = 1, .progress = [](int, int) { throw Error("stop"); }}),
      Error);
}

TEST(Emulate, TruthNamesSeedPlantAndFinish) {
  const Plant plant = shop();
  const Folder folder;
  const Emulation emulation = emulate(plant, {.seed = Seed{5}, .duplicates = 0.25});
  write_emulation(plant, emulation, folder.path());
  const auto read = [&](const char* name) {
    std::ifstream in(folder.path() / name);
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
  };
  const std::string json = read("truth.json");
  EXPECT_THAT(json, testing::HasSubstr("\"seed\": 5"));
  EXPECT_THAT(json, testing::HasSubstr("\"duplicates\": 0.25"));
  EXPECT_THAT(json, testing::HasSubstr("\"products.Housing.route.OP2.time\": \"lognormal(mean 2100 s, cv 0.12)\""));
  EXPECT_THAT(json, testing::HasSubstr("\"Housing\": \"2026-03-1"));
  const std::string csv = read("truth.csv");
  EXPECT_THAT(csv, testing::StartsWith("part,product,operation,machine,start,end,outcome,interruptions,processing_s,"));
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 233);
}

TEST(Emulate, RefusesWhatMakesNoSense) {
  const auto message = [](auto&& call) -> std::string {
    try {
      call();
    } catch (const InvalidArgument& error) {
      return error.what();
    }
    return "";
  };
  const Plant plant = shop();
  EXPECT_THAT(message([&] { (void)emulate(plant, {.late = 1.5}); }),
              testing::HasSubstr("late is 1.5; allowed: 0 to 1"));
  EXPECT_THAT(message([&] { (void)emulate(plant, {.gaps = 0.95}); }), testing::HasSubstr("allowed: 0 to 0.9"));
  EXPECT_THAT(message([&] { (void)emulate(plant, {.until = -kDay}); }), testing::HasSubstr("after the plant's epoch"));
  const Plant endless =
      Plant::parse("stations: {m: {}}\nproducts: {p: {route: [{at: m, time: 1 s}], arrivals: every 2 s}}");
  EXPECT_THAT(message([&] { (void)emulate(endless); }), testing::HasSubstr("give until"));
  const Plant odd =
      Plant::parse("stations: {\"a|b\": {}}\nproducts: {p: {route: [{at: \"a|b\", time: 1 s}], arrivals: every 2 s}}");
  EXPECT_THAT(message([&] { (void)emulate(odd, {.until = kHour}); }), testing::HasSubstr("'a|b.1' cannot be written"));
  const Folder folder;
  std::filesystem::create_directories(folder.path());
  std::ofstream(folder.path() / "Hurco02.txt") << "other\n";
  const Emulation emulation = emulate(plant, {.until = kDay});
  EXPECT_THAT(message([&] { write_emulation(plant, emulation, folder.path()); }),
              testing::HasSubstr("Hurco02.txt of another run"));
  EXPECT_THAT(message([&] { write_emulation(plant, emulation, folder.path() / "Hurco02.txt"); }),
              testing::HasSubstr("cannot be made"));
  EXPECT_THAT(message([&] { write_emulation(plant, emulation, std::string(5000, 'x')); }),
              testing::HasSubstr("cannot be made"));
  if (::geteuid() != 0) {  // nothing is closed to root
    const auto closed = folder.path() / "closed";
    std::filesystem::create_directory(closed);
    std::filesystem::permissions(closed, std::filesystem::perms::none);
    EXPECT_THAT(message([&] { write_emulation(plant, emulation, closed); }), testing::HasSubstr("cannot be listed"));
    std::filesystem::permissions(closed, std::filesystem::perms::owner_all);
  }
}

}  // namespace
}  // namespace twin::gateway
