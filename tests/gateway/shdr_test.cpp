#include "twin/gateway/shdr.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "twin/base/error.hpp"
#include "twin/base/random.hpp"
#include "twin/gateway/rules.hpp"
#include "twin/study/cancelled.hpp"

namespace twin::gateway {
namespace {

using sync::ObservationLog;
using sync::Quarantined;

ObservationLog parse(const std::string& text, const ShdrOptions& options = {}) {
  return parse_shdr(text, "test", options);
}

std::string text_of(const ObservationLog& log) {
  std::string out;
  for (const auto& o : log.observations) {
    out += format_wall_time(WallTime(Duration(o.time))).substr(11) + " " + log.item(o) + "=" +
           std::string(log.value(o)) + "\n";
  }
  return out;
}

void expect_lines_add_up(const ObservationLog& log) {
  const auto& c = log.counts;
  EXPECT_EQ(c.lines, c.observed + c.quarantined + c.protocol + c.blank);
  EXPECT_EQ(c.values, log.observations.size() + c.duplicates);
}

/// A folder that goes away with the test.
class Folder {
 public:
  Folder() {
    char name[] = "/tmp/twin-shdr-XXXXXX";
    path_ = mkdtemp(name);
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::filesystem::path write(const std::string& name, const std::string& bytes) const {
    std::ofstream(path_ / name, std::ios::binary) << bytes;
    return path_ / name;
  }
  std::filesystem::path write_gz(const std::string& name, const std::string& text) const {
    const gzFile file = gzopen((path_ / name).c_str(), "wb");
    gzwrite(file, text.data(), static_cast<unsigned>(text.size()));
    gzclose(file);
    return path_ / name;
  }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

std::string read_all(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

TEST(ParseShdr, ReadsLinesOfOneAndOfManyItems) {
  const auto log = parse(
      "2017-02-01T13:59:35.1718750Z|Program_Status|ACTIVE\n"
      "2017-02-01T13:59:36Z|a|1|b|two words|c|\n");
  EXPECT_EQ(text_of(log),
            "13:59:35.171875Z Program_Status=ACTIVE\n13:59:36Z a=1\n13:59:36Z b=two words\n13:59:36Z c=\n");
  EXPECT_EQ(log.counts.observed, 2u);
  EXPECT_EQ(log.observations[3].line, 2u);
  expect_lines_add_up(log);
}

TEST(ParseShdr, ReadsConditionsMessagesSamplesAndLeavesOutTheProtocol) {
  const auto log = parse(
      "* PING\n"
      "2022-08-08T10:00:00Z|servo|NORMAL||||\n"
      "2022-08-08T10:00:01Z|motion|FAULT|1234||HIGH|Axis overload\n"
      "2022-08-08T10:00:02Z|note|17|Close the door\n"
      "2022-08-08T10:00:03Z@12.5|feed|10.5\n"
      "2022-08-08T10:00:04Z|@ASSET@|1.2|CuttingTool|--multiline--AB\n"
      "<CuttingTool a=\"1\"/>\n|||\n"
      "--multiline--AB\n"
      "2022-08-08T10:00:05Z|@REMOVE_ALL_ASSETS@|CuttingTool\n"
      "2022-08-08T10:00:06Z|a|UNAVAILABLE|b|2|c|3\n");
  EXPECT_EQ(text_of(log),
            "10:00:00Z servo=NORMAL\n10:00:01Z motion=FAULT\n10:00:02Z note=Close the door\n10:00:03Z feed=10.5\n"
            "10:00:06Z a=UNAVAILABLE\n10:00:06Z b=2\n10:00:06Z c=3\n");
  EXPECT_EQ(log.counts.protocol, 6u);
  EXPECT_EQ(log.counts.quarantined, 0u);
  expect_lines_add_up(log);
}

TEST(ParseShdr, KeepsBadLinesWithTheirReason) {
  ShdrOptions options;
  options.known_items = {"a"};
  const auto log = parse(
      "2017\n"
      "2017-13-01T00:00:00Z|a|1\n"
      "|a|1\n"
      "2017-02-01T00:00:00Z|a\n"
      "2017-02-01T00:00:00Z|a|1|a|2|a\n"
      "2017-02-01T00:00:00Z||1\n"
      "2017-02-01T00:00:00Z|b|1\n"
      "1970-01-01T00:00:00Z|a|1\n"
      "2017-02-01T00:00:00Z|a|1\n",
      options);
  ASSERT_EQ(log.quarantine.size(), 8u);
  const char* reasons[] = {"no item: the line has no '|'",
                           "unparsable time",
                           "no time",
                           "missing value",
                           "missing value",
                           "no printable item name",
                           "unknown item",
                           "time before the earliest allowed: the clock was not set"};
  for (std::size_t i = 0; i < 8; ++i) {
    EXPECT_EQ(log.quarantine[i].reason, reasons[i]);
    EXPECT_EQ(log.quarantine[i].line, i + 1);
    EXPECT_EQ(log.quarantine[i].source, "test");
  }
  EXPECT_EQ(log.quarantine[0].text, "2017");
  EXPECT_EQ(log.observations.size(), 1u);
  expect_lines_add_up(log);
}

TEST(ParseShdr, CountsMoreBadLinesThanItKeeps) {
  ShdrOptions options;
  options.keep_quarantined = 3;
  const auto log = parse(std::string("x\nx\nx\nx\nx"), options);
  EXPECT_EQ(log.quarantine.size(), 3u);
  EXPECT_EQ(log.counts.quarantined, 5u);
}

TEST(ParseShdr, TakesAnyLineEnding) {
  for (const std::string end : {"\n", "\r\n", "\r"}) {
    const auto log = parse("2017-02-01T00:00:00Z|a|1" + end + end + "2017-02-01T00:00:01Z|a|2" + end);
    EXPECT_EQ(text_of(log), "00:00:00Z a=1\n00:00:01Z a=2\n");
    EXPECT_EQ(log.counts.lines, 3u);
    EXPECT_EQ(log.counts.blank, 1u);
    expect_lines_add_up(log);
  }
  EXPECT_EQ(parse("2017-02-01T00:00:00Z|a|1").observations.size(), 1u);
  EXPECT_EQ(parse("\xEF\xBB\xBF"
                  "2017-02-01T00:00:00Z|a|1")
                .observations.size(),
            1u);
  EXPECT_EQ(parse("").counts.lines, 0u);
}

TEST(ParseShdr, SortsLateLinesInAndRemovesExactDuplicates) {
  const auto log = parse(
      "2017-02-01T00:00:02Z|a|3\n2017-02-01T00:00:01Z|a|2\n2017-02-01T00:00:02Z|b|1\n"
      "2017-02-01T00:00:02Z|a|3\n2017-02-01T00:00:02Z|a|4\n2017-02-01T00:00:01Z|a|2\n");
  EXPECT_EQ(text_of(log), "00:00:01Z a=2\n00:00:02Z a=3\n00:00:02Z b=1\n00:00:02Z a=4\n");
  EXPECT_EQ(log.counts.duplicates, 2u);
  EXPECT_EQ(log.counts.late, 2u);
  expect_lines_add_up(log);
}

TEST(ParseShdr, RemovesDuplicatesFromASnapshotOfManyValuesAtOneInstant) {
  std::string text;
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 5000; ++i)
      text += "2017-02-01T00:00:00Z|item" + std::to_string(i % 700) + "|" + std::to_string(i) + "\n";
  }
  const auto log = parse(text);
  EXPECT_EQ(log.observations.size(), 5000u);
  EXPECT_EQ(log.counts.duplicates, 10000u);
  expect_lines_add_up(log);
}

TEST(ParseShdr, PutsAFewLinesWithAnImpossibleTimeInQuarantine) {
  std::string text;
  for (int i = 0; i < 300; ++i) {
    text += "2017-02-01T00:" + std::string(i / 60 < 10 ? "0" : "") + std::to_string(i / 60) + ":" +
            (i % 60 < 10 ? "0" : "") + std::to_string(i % 60) + "Z|a|" + std::to_string(i) + "\n";
    if (i == 0) text += "2031-02-01T00:00:00Z|a|ahead\n";
    if (i == 100) text += "2017-02-09T00:00:00Z|a|a week ahead\n";
    if (i == 200) text += "2000-01-01T00:00:00Z|a|behind\n";
  }
  const auto log = parse(text);
  EXPECT_EQ(log.observations.size(), 300u);
  EXPECT_EQ(log.counts.quarantined, 3u);
  expect_lines_add_up(log);
}

TEST(ParseShdr, AcceptsWeekendsOldSnapshotsAndShuffledLines) {
  const auto log = parse(
      "2017-01-05T00:00:00Z|a|old\n2017-02-03T00:00:00Z|a|1\n2017-02-06T00:00:00Z|a|2\n"
      "2017-01-05T00:00:00Z|a|old\n2017-02-06T00:00:01Z|a|3\n");
  EXPECT_EQ(log.observations.size(), 4u);
  EXPECT_EQ(log.counts.quarantined, 0u);
  std::string shuffled;
  for (int i = 0; i < 28; ++i) {
    const int day = i * 11 % 28 + 1;
    shuffled += "2017-02-" + std::string(day < 10 ? "0" : "") + std::to_string(day) + "T00:00:00Z|a|1\n";
  }
  EXPECT_EQ(parse(shuffled).observations.size(), 28u);
}

TEST(ParseShdr, AccountsForEveryLineOfRandomAndMutatedBytes) {
  const std::string good =
      "2017-02-01T13:59:35.171875Z|Program_Status|ACTIVE\r\n2017-02-01T13:59:36Z|a|1|b|2\n"
      "2022-08-08T10:00:00Z|servo|NORMAL||||\n2022-08-08T10:00:04Z|@ASSET@|1|T|--multiline--AB\n"
      "<x/>\n--multiline--AB\n* PONG 10000\n2017-02-01T13:59:37Z@1|Block_Number|12\n";
  const auto key = draw_key(Seed{11}, 0);
  std::uint64_t index = 0;
  const auto draw = [&](std::size_t n) { return static_cast<std::size_t>(draw_bits(key, 1, index++)[0] % n); };
  for (int round = 0; round < 3000; ++round) {
    std::string text;
    if (round % 3 == 0) {
      text.resize(draw(400));
      for (char& c : text) c = static_cast<char>(draw(256));
    } else {
      for (std::size_t i = draw(4) + 1; i > 0; --i) text += good;
      for (std::size_t i = draw(12); i > 0; --i) {
        const std::size_t at = draw(text.size());
        switch (draw(4)) {
          case 0:
            text[at] = static_cast<char>(draw(256));
            break;
          case 1:
            text.erase(at, draw(40));
            break;
          case 2:
            text.insert(at, text.substr(draw(text.size()), draw(60)));
            break;
          default:
            text.insert(at, 1, "|\n\r@*\0"[draw(6)]);
            break;
        }
        if (text.empty()) text = good;
      }
    }
    const auto log = parse(text);
    expect_lines_add_up(log);
    for (std::size_t i = 1; i < log.observations.size(); ++i) {
      ASSERT_LE(log.observations[i - 1].time, log.observations[i].time);
    }
    for (const auto& o : log.observations) ASSERT_LE(o.value_at + o.value_size, log.text.size());
  }
}

TEST(ReadShdr, ReadsPlainAndGzipWhateverTheNameSays) {
  const Folder folder;
  const std::string text = "2017-02-01T00:00:00Z|a|1\n2017-02-01T00:00:01Z|a|2\n";
  EXPECT_EQ(read_shdr(folder.write("plain.txt.gz", text)).observations.size(), 2u);
  const auto log = read_shdr(folder.write_gz("packed.txt", text));
  EXPECT_EQ(log.observations.size(), 2u);
  EXPECT_EQ(log.source, "packed.txt");
  EXPECT_EQ(read_shdr(folder.write("empty.txt", "")).counts.lines, 0u);
}

/// A log as a gzip file, with what it says by lines.
class Packed {
 public:
  Packed() {
    for (std::uint64_t i = 0; i < 20'000; ++i) {
      const std::uint64_t luck = draw_bits(draw_key(Seed{5}, 0), 1, i)[0];
      const Duration time{1'485'907'200LL * kSecond + static_cast<Tick>(i) * kSecond +
                          static_cast<Tick>(luck % 1000) * kSecond / 1000};
      const std::string value = luck % 3 == 0   ? "Program_Status|ACTIVE"
                                : luck % 3 == 1 ? "Block_Number|" + std::to_string(i % 700)
                                                : "Current_Tool|" + std::to_string((luck >> 20) % 20);
      lines.push_back(format_wall_time(WallTime(time)) + "|" + value + "\n");
    }
    std::string text;
    for (const std::string& line : lines) text += line;
    bytes = read_all(folder.write_gz("good.gz", text));
  }
  /// How many of the first lines of a log read from a copy are not those packed.
  [[nodiscard]] std::size_t wrong(const ObservationLog& log, std::size_t count) const {
    std::size_t at = 0, wrong = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t end = log.text.find('\n', at) + 1;
      wrong += i >= lines.size() || log.text.compare(at, end - at, lines[i]) != 0;
      at = end;
    }
    return wrong;
  }
  Folder folder;
  std::vector<std::string> lines;
  std::string bytes;
};

TEST(ReadShdr, GivesTheWholeLinesBeforeATruncatedGzipBreaksOff) {
  const Packed packed;
  for (const std::size_t bytes : {packed.bytes.size() / 2, packed.bytes.size() / 3, packed.bytes.size() - 12}) {
    const auto log = read_shdr(packed.folder.write("cut.gz", packed.bytes.substr(0, bytes)));
    const Quarantined& end = log.quarantine.back();
    ASSERT_GT(end.line, packed.lines.size() / 4);
    EXPECT_EQ(end.reason, "gzip stream damaged after line " + std::to_string(end.line - 1) + ", byte " +
                              std::to_string(bytes) + ": it breaks off");
    EXPECT_EQ(log.quarantine.size(), 1u);
    EXPECT_EQ(log.counts.observed, end.line - 1);
    EXPECT_EQ(packed.wrong(log, end.line - 1), 0u);
    EXPECT_TRUE(packed.lines[end.line - 1].starts_with(end.text)) << end.text;
    expect_lines_add_up(log);
  }
}

TEST(ReadShdr, TakesHardlyAnythingWrongFromADamagedGzip) {
  const Packed packed;
  std::size_t kept = 0, wrong = 0, undamaged = 0, without_sign = 0;
  constexpr std::size_t kDamages = 60;
  for (std::size_t i = 0; i < kDamages; ++i) {
    const std::size_t at = packed.bytes.size() * (i + 6) / (kDamages + 12);
    std::string damaged = packed.bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << i % 8));
    const auto log = read_shdr(packed.folder.write("damaged.gz", damaged));
    expect_lines_add_up(log);
    const Quarantined& end = log.quarantine.back();
    ASSERT_TRUE(end.reason.starts_with("gzip stream damaged ")) << end.reason;
    EXPECT_EQ(end.line, log.counts.lines);
    EXPECT_EQ(log.counts.quarantined, 1u);
    if (end.reason.find("unknown place") != std::string::npos) {
      ++without_sign;
      continue;
    }
    kept += end.line - 1;
    undamaged += packed.lines.size() * at / packed.bytes.size();
    wrong += packed.wrong(log, end.line - 1);
  }
  EXPECT_LT(without_sign, kDamages / 5);
  EXPECT_GT(kept, undamaged * 98 / 100);
  EXPECT_LT(wrong, kept / 1000);
}

TEST(ReadShdr, SaysThatAChecksumIsWrongAndKeepsWhatWasUnderstood) {
  const Packed packed;
  std::string damaged = packed.bytes;
  damaged[damaged.size() - 8] = static_cast<char>(damaged[damaged.size() - 8] ^ 1);
  const auto log = read_shdr(packed.folder.write("damaged.gz", damaged));
  EXPECT_EQ(log.counts.observed, packed.lines.size());
  EXPECT_EQ(packed.wrong(log, packed.lines.size()), 0u);
  ASSERT_EQ(log.quarantine.size(), 1u);
  EXPECT_EQ(log.quarantine[0].line, 20'001u);
  EXPECT_TRUE(log.quarantine[0].reason.starts_with("gzip stream damaged at an unknown place up to line 20000, byte "))
      << log.quarantine[0].reason;
  EXPECT_NE(log.quarantine[0].reason.find("incorrect data check; all lines were kept"), std::string::npos);
}

TEST(ReadShdr, ReadsOneMemberAfterAnotherUpToTheDamagedOne) {
  const Folder folder;
  const std::string one = read_all(folder.write_gz("1.gz", "2017-02-01T00:00:00Z|a|1\n"));
  std::string two = read_all(folder.write_gz("2.gz", "2017-02-01T00:00:01Z|a|2\nbroken\n"));
  const auto sound = read_shdr(folder.write("sound.gz", one + two + std::string(512, '\0')));
  EXPECT_EQ(sound.observations.size(), 2u);
  EXPECT_EQ(sound.counts.quarantined, 1u);
  two[two.size() - 8] = static_cast<char>(two[two.size() - 8] ^ 1);
  const auto damaged = read_shdr(folder.write("damaged.gz", one + two + one));
  EXPECT_EQ(damaged.observations.size(), 2u);
  ASSERT_EQ(damaged.quarantine.size(), 1u);
  EXPECT_EQ(damaged.quarantine[0].line, 3u);
  EXPECT_EQ(damaged.quarantine[0].text, "broken");
  EXPECT_TRUE(damaged.quarantine[0].reason.starts_with("gzip stream damaged after line 2, byte "));
  EXPECT_NE(read_shdr(folder.write("more.gz", one + "and more")).quarantine.back().reason.find("after line 1, byte"),
            std::string::npos);
}

TEST(ReadShdr, StopsWhenCancelled) {
  const Packed packed;
  const std::atomic<bool> cancel = true;
  const ShdrOptions options{.known_items = {}, .cancel = &cancel};
  EXPECT_THROW((void)read_shdr(packed.folder.path() / "good.gz", options), study::Cancelled);
  EXPECT_THROW((void)parse_shdr(packed.lines[0], "one line", options), study::Cancelled);
  EXPECT_THROW((void)read_logs(packed.folder.path(),
                               parse_rules("items: {program_status: a}\nfiles: '(?<machine>.*)'", "r"), options),
               study::Cancelled);
}

TEST(ReadShdr, NamesTheFileThatCannotBeRead) {
  const Folder folder;
  const auto message = [](const std::filesystem::path& path) {
    try {
      (void)read_shdr(path);
    } catch (const Error& e) {
      return std::string(e.what());
    }
    return std::string("nothing thrown");
  };
  EXPECT_NE(message(folder.path() / "absent.txt").find("absent.txt: cannot be opened"), std::string::npos);
  EXPECT_NE(message(folder.path()).find("is a folder"), std::string::npos);
  const std::string broken = std::string("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03", 10) + "\xff\xff\xff\xff garbage";
  EXPECT_NE(message(folder.write("broken.gz", broken)).find("broken.gz: gzip stream damaged after line 0, byte"),
            std::string::npos);
}

TEST(ReadShdr, StopsAtTheAllowedSize) {
  const Folder folder;
  std::string text;
  for (int i = 0; i < 5000; ++i) text += "2017-02-01T00:00:00Z|a|" + std::to_string(i) + "\n";
  ShdrOptions options;
  options.max_bytes = 1000;
  const auto log = read_shdr(folder.write_gz("bomb.gz", text), options);
  EXPECT_EQ(log.counts.observed, 38u);  // of 25 or 26 bytes each
  ASSERT_EQ(log.quarantine.size(), 1u);
  EXPECT_EQ(log.quarantine[0].reason, "longer than the allowed size: the rest was not read");
  EXPECT_EQ(log.quarantine[0].line, 39u);
  expect_lines_add_up(log);
  const auto parsed = parse_shdr(text, "text", options);
  EXPECT_EQ(parsed.observations.size(), log.observations.size());
  EXPECT_EQ(parsed.quarantine.at(0).line, 39u);
}

sync::Rules nist_rules() { return load_rules("scenarios/nist-box/rules.yaml"); }

TEST(ReadLogs, ReadsTheJobsOfAFolderAndSaysWhatItLeftOut) {
  const Folder folder;
  folder.write_gz("Plate-Op1-Hurco04-01of20.txt.gz", "2017-02-01T00:00:00Z|Program_Status|ACTIVE\n");
  folder.write("BOX-OP5-HURCO02-02OF20.TXT", "2017-02-01T00:00:00Z|Program_Status|ACTIVE\r\n");
  folder.write("readme.md", "no log");
  folder.write("Cover-Op1-Hurco04-03of20.txt.gz", std::string("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xff\xff", 12));
  const LogFolder logs = read_logs(folder.path(), nist_rules());
  ASSERT_EQ(logs.logs.size(), 2u);
  EXPECT_EQ(logs.logs[0].ticket, (sync::Ticket{"Box-02", "Box", "OP5", "Hurco02"}));
  EXPECT_EQ(logs.logs[1].ticket, (sync::Ticket{"Plate-01", "Plate", "OP1", "Hurco04"}));
  EXPECT_EQ(logs.skipped.size(), 2u);
  EXPECT_EQ(read_logs(folder.path() / "Plate-Op1-Hurco04-01of20.txt.gz", nist_rules()).logs.size(), 1u);
}

TEST(ReadLogs, RefusesAFolderWithoutLogs) {
  const Folder folder;
  EXPECT_THROW((void)read_logs(folder.path(), nist_rules()), InvalidArgument);
  folder.write("readme.md", "no log");
  EXPECT_THROW((void)read_logs(folder.path(), nist_rules()), InvalidArgument);
  EXPECT_THROW((void)read_logs(folder.path() / "absent", nist_rules()), InvalidArgument);
}

}  // namespace
}  // namespace twin::gateway
