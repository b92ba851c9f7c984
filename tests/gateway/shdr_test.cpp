#include "twin/gateway/shdr.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "twin/base/error.hpp"
#include "twin/base/random.hpp"
#include "twin/gateway/rules.hpp"

namespace twin::gateway {
namespace {

using sync::ObservationLog;

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

TEST(ReadShdr, KeepsWhatATruncatedOrDamagedGzipStillGives) {
  const Folder folder;
  std::string text;
  for (int i = 0; i < 20000; ++i)
    text += "2017-02-01T00:00:00." + std::to_string(100000 + i * 7) + "Z|a|" + std::to_string(i * i % 977) + "\n";
  const std::string bytes = read_all(folder.write_gz("good.gz", text));
  const auto half = read_shdr(folder.write("half.gz", bytes.substr(0, bytes.size() / 2)));
  EXPECT_GT(half.observations.size(), 3000u);
  EXPECT_LT(half.observations.size(), 20000u);
  ASSERT_FALSE(half.quarantine.empty());
  EXPECT_EQ(half.quarantine.back().reason, "the gzip stream breaks off");
  EXPECT_EQ(half.quarantine.back().line, 0u);
  std::string damaged = bytes;
  for (std::size_t i = bytes.size() / 2; i < bytes.size() / 2 + 50; ++i) damaged[i] = static_cast<char>(~damaged[i]);
  const auto most = read_shdr(folder.write("damaged.gz", damaged));
  expect_lines_add_up(most);
  EXPECT_FALSE(most.quarantine.empty());
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
  EXPECT_NE(message(folder.write("broken.gz", broken)).find("broken.gz: the gzip stream is corrupt"),
            std::string::npos);
}

TEST(ReadShdr, StopsAtTheAllowedSize) {
  const Folder folder;
  std::string text;
  for (int i = 0; i < 5000; ++i) text += "2017-02-01T00:00:00Z|a|" + std::to_string(i) + "\n";
  ShdrOptions options;
  options.max_bytes = 1000;
  const auto log = read_shdr(folder.write_gz("bomb.gz", text), options);
  EXPECT_LT(log.counts.lines, 50u);
  EXPECT_EQ(log.quarantine.back().reason, "longer than the allowed size: the rest was not read");
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
