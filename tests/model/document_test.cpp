#include "twin/model/document.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <filesystem>
#include <fstream>

#include "twin/base/error.hpp"

namespace twin {
namespace {

using testing::HasSubstr;

/// A folder of its own for one test, removed afterwards.
class Folder {
 public:
  Folder() : path_(std::filesystem::temp_directory_path() / ("twin_document_test_" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(path_);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { std::filesystem::remove_all(path_); }
  std::filesystem::path write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name) << text;
    return path_ / name;
  }

 private:
  std::filesystem::path path_;
};

std::vector<Fault> faults_of(const std::string& yaml) {
  try {
    (void)Document::parse(yaml, "test.yaml");
  } catch (const PlantError& error) {
    return error.faults();
  }
  return {};
}

std::string at(const Document& document, std::string_view path) {
  const Node* node = document.get(path);
  return node == nullptr ? "(nothing)" : to_yaml_line(*node);
}

TEST(Document, RemembersWhereEachPieceStands) {
  const auto document = Document::parse("stations:\n  mill: {queue: {places: 5}}\n", "shop.yaml");
  const Node* places = document.get("stations.mill.queue.places");
  ASSERT_NE(places, nullptr);
  EXPECT_EQ(places->scalar, "5");
  EXPECT_EQ(places->mark.text(), "shop.yaml:2:26");
  EXPECT_EQ(places->key_mark.text(), "shop.yaml:2:18");
}

TEST(Document, TurnsSyntaxErrorsIntoFaultsWithLineAndColumn) {
  const auto faults = faults_of("stations:\n  mill: {queue: [1, 2}\n");
  ASSERT_EQ(faults.size(), 1U);
  EXPECT_EQ(faults[0].file, "test.yaml");
  EXPECT_EQ(faults[0].line, 2);
  EXPECT_GT(faults[0].column, 0);
}

TEST(Document, RefusesAKeyThatStandsTwice) {
  const auto faults = faults_of("a: 1\nb: 2\na: 3\nb: 4\n");
  ASSERT_EQ(faults.size(), 2U);
  EXPECT_EQ(faults[0].line, 3);
  EXPECT_THAT(faults[0].message, HasSubstr("'a' stands twice"));
  EXPECT_THAT(faults[0].allowed, HasSubstr("line 1"));
}

TEST(Document, RefusesHostileInput) {
  std::string deep;
  for (int i = 0; i < 5000; ++i) deep += "[";
  EXPECT_FALSE(faults_of(deep).empty());
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    const auto n = std::to_string(i), before = std::to_string(i - 1);
    bomb += "a" + n + ": &a" + n + " [";
    for (int j = 0; j < 10; ++j) bomb += (j > 0 ? ", *a" : "*a") + before;
    bomb += "]\n";
  }
  const auto faults = faults_of(bomb);
  ASSERT_EQ(faults.size(), 1U);
  EXPECT_THAT(faults[0].message, HasSubstr("too many values"));
  EXPECT_FALSE(faults_of("a: &a [*a]").empty());
  EXPECT_FALSE(faults_of("a: !python/object:os.system x").empty());
  EXPECT_FALSE(faults_of("{a: 1}\n---\n{b: 2}\n").empty());
  EXPECT_FALSE(faults_of("? [1, 2]\n: 3\n").empty());
  EXPECT_FALSE(faults_of(std::string("a: \0b", 5)).empty());
  EXPECT_FALSE(faults_of(std::string(17 << 20, ' ')).empty());
}

TEST(Document, AliasesStandForCopies) {
  const auto document = Document::parse("a: &x {p: 1}\nb: *x\n");
  EXPECT_EQ(at(document, "b.p"), "1");
}

TEST(Document, WritesYamlThatReadsTheSame) {
  const char* texts[] = {
      "a: 1\nb: [1, 2, {c: d}]\nc: {}\nd: []\ne: ~\nf: \"null\"\n",
      "'quoted key: x': \"a\\tb\\nc\"\nb: 'it''s'\n",
      "time: \"triangular(2, 3, 6 min)\"\nhours: 06:00-14:00\nhash: a # comment\nx: 'a #b'\n",
      "route:\n  - {at: a, then: {pass: 0.9, rework: {0.1: b}}}\n  - at: b\n    meta: {deep: {deeper: {deepest: [1, "
      "[2, [3]]]}}}\n",
      "- 1\n- [a, b]\n- {x: {y: {z: 1}}}\n- - 1\n  - - 2\n    - {a: {b: {c: d}}}\n",
      "a: '-'\nb: --- x\nc: ...\nd: '- x'\ne: -5\nf: '?'\ng: 'a: b'\nh: 'end:'\ni: ' lead'\nj: '@'\nk: '%'\nl: \"\"\n",
      "u: \xC3\xA4\xE2\x82\xAC\n",
      "[]",
      "{}",
      "plain"};
  for (const char* text : texts) {
    const Node first = parse_yaml(text);
    EXPECT_TRUE(first.same_as(parse_yaml(to_yaml(first)))) << text << "\n--- became\n" << to_yaml(first);
    EXPECT_TRUE(first.same_as(parse_yaml(to_yaml_line(first)))) << text << "\n--- became\n" << to_yaml_line(first);
  }
}

constexpr const char* kShop = R"yaml(
stations:
  turning: {machines: {T1: {}, T2: {speed: 1.2}}}
  "a.b": {queue: {places: 3}}
  m[1..3]: {queue: {places: 5}}
products:
  box:
    route:
      - {at: turning, op: OP1, time: 1 min}
      - {at: "m[1..3]", time: 2 min}
      - {at: turning, time: 3 min}
      - {at: [turning, m1], time: 4 min}
calendars: {two-shifts: {mon-fri: "06:00-22:00"}}
orders: [{id: A17, product: box}]
)yaml";

TEST(Document, AnswersPaths) {
  const auto d = Document::parse(kShop);
  EXPECT_EQ(at(d, "stations.turning.machines.T2.speed"), "1.2");
  EXPECT_EQ(at(d, "stations.\"a.b\".queue.places"), "3");
  EXPECT_EQ(at(d, "stations.m[1..3].queue.places"), "5");
  EXPECT_EQ(at(d, "stations.m2.queue.places"), "5");
  EXPECT_EQ(at(d, "stations.m4.queue.places"), "(nothing)");
  EXPECT_EQ(at(d, "products.box.route[0].time"), "1 min");
  EXPECT_EQ(at(d, "products.box.route.OP1.time"), "1 min");
  EXPECT_EQ(at(d, "products.box.route.m2.time"), "2 min");
  EXPECT_EQ(at(d, "products.box.route.turning.time"), "3 min");
  EXPECT_EQ(at(d, "products.box.route.turning#2.time"), "4 min");
  EXPECT_EQ(at(d, "calendars.two-shifts.mon-fri"), "\"06:00-22:00\"");
  EXPECT_EQ(at(d, "orders.A17.product"), "box");
  for (const char* path : {".", "a..b", "a.", "a[", "a[x]", "\"a", "a]b"})
    EXPECT_THROW((void)d.get(path), InvalidArgument) << path;
}

TEST(Document, SetsAtPathsAndSplitsGroupsWhenOneMemberIsNamed) {
  auto d = Document::parse(kShop);
  d.set("stations.turning.machines.T3", "{}");
  EXPECT_EQ(at(d, "stations.turning.machines"), "{T1: {}, T2: {speed: 1.2}, T3: {}}");
  d.set("stations.m2.queue.places", "9");
  EXPECT_EQ(at(d, "stations.m1.queue.places"), "5");
  EXPECT_EQ(at(d, "stations.m2.queue.places"), "9");
  EXPECT_EQ(at(d, "stations.m3.queue.places"), "5");
  EXPECT_EQ(d.root().find("stations")->find("m[1..3]"), nullptr);
  d.set("stations.m[1..3].queue.places", "4");
  EXPECT_EQ(at(d, "stations.m2.queue.places"), "4");
  d.set("products.box.route.m3.time", "7 min");
  EXPECT_EQ(at(d, "products.box.route.m2.time"), "2 min");
  EXPECT_EQ(at(d, "products.box.route.m3.time"), "7 min");
  EXPECT_EQ(at(d, "products.box.route[4].time"), "3 min");
  d.set("calendars.two-shifts.sat", "\"06:00-14:00\"");
  EXPECT_EQ(at(d, "calendars.two-shifts.sat"), "\"06:00-14:00\"");
  d.set("run.until", "3 d");
  EXPECT_EQ(at(d, "run"), "{until: 3 d}");
}

TEST(Document, StaysAsItWasWhenAPathCannotBeFollowed) {
  auto d = Document::parse(kShop);
  const Node before = d.root();
  EXPECT_THROW(d.set("products.box.route.OP7.time", "1 s"), InvalidArgument);
  EXPECT_THROW(d.set("products.box.route[9].time", "1 s"), InvalidArgument);
  EXPECT_THROW(d.set("stations.m2.queue.places.more", "1"), InvalidArgument);
  EXPECT_THROW(d.set("stations.turning[0]", "1"), InvalidArgument);
  EXPECT_THROW(d.set("", "1"), InvalidArgument);
  EXPECT_TRUE(before.same_as(d.root()));
}

TEST(Document, IncludesFilesUnderItsOwnKeys) {
  const Folder folder;
  folder.write("calendars/shifts.yaml",
               "calendars: {early: {mon-fri: \"06:00-14:00\"}}\nstations: {mill: {machines: 1, speed: 2}}\n");
  const auto file =
      folder.write("shop.yaml", "include: [calendars/shifts.yaml]\nstations: {mill: {machines: 3}, saw: {}}\n");
  const auto d = Document::load(file);
  EXPECT_EQ(d.name(), "shop");
  EXPECT_EQ(at(d, "stations.mill.machines"), "3");
  EXPECT_EQ(at(d, "stations.mill.speed"), "2");
  EXPECT_EQ(at(d, "calendars.early.mon-fri"), "\"06:00-14:00\"");
  EXPECT_EQ(d.get("include"), nullptr);
  EXPECT_THAT(d.get("stations.mill.speed")->mark.text(), HasSubstr("shifts.yaml:2:"));
}

TEST(Document, RefusesCirclesMissingFilesAndIncludesOfTextWithoutAFolder) {
  const Folder folder;
  folder.write("a.yaml", "include: b.yaml\n");
  const auto b = folder.write("b.yaml", "include: a.yaml\n");
  EXPECT_THROW((void)Document::load(b), PlantError);
  EXPECT_THROW((void)Document::load(folder.write("c.yaml", "include: nowhere.yaml\n")), PlantError);
  EXPECT_THROW((void)Document::load("nowhere.yaml"), FormatError);
  EXPECT_THROW((void)Document::parse("include: a.yaml"), PlantError);
  EXPECT_THROW((void)Document::parse("orders: a.csv"), PlantError);
}

TEST(Document, TellsWhyAFileCannotBeRead) {
  const Folder folder;
  const auto said = [](const std::filesystem::path& file) -> std::string {
    try {
      (void)Document::load(file);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  const auto folder_path = folder.write("a.yaml", "").parent_path();
  EXPECT_THAT(said(folder_path / "none.yaml"), HasSubstr("none.yaml' does not exist; allowed: an existing file"));
  EXPECT_THAT(said(folder_path / "a.yaml" / "b.yaml"), HasSubstr("b.yaml' does not exist"));
  EXPECT_THAT(said(folder_path), HasSubstr("is a folder and cannot be read"));
  EXPECT_THAT(said("/dev/null"), HasSubstr("is no regular file"));
  const auto large = folder.write("large.yaml", "");
  std::filesystem::resize_file(large, kMaxYamlBytes + 1);
  EXPECT_THAT(said(large), HasSubstr("has 16777217 bytes, too many to be read; allowed: an existing file of YAML of at "
                                     "most 16 MiB"));
  EXPECT_THAT(said(folder.write("b.yaml", "include: large.yaml\n")), HasSubstr("'large.yaml' has 16777217 bytes"));
  EXPECT_THAT(said(folder.write("c.yaml", "orders: none.csv\n")), HasSubstr("'none.csv' does not exist"));
  const auto locked = folder.write("locked.yaml", "stations: {}\n");
  std::filesystem::permissions(locked, std::filesystem::perms::none);
  if (::geteuid() != 0) {  // nothing is closed to root
    EXPECT_THAT(said(locked), HasSubstr("cannot be opened for reading"));
  }
}

TEST(Document, PathsThatLeadNowhereAreOrdinaryErrors) {
  const Folder folder;
  const auto loop = folder.write("a.yaml", "").parent_path() / "loop.yaml";
  std::filesystem::create_symlink("loop.yaml", loop);
  EXPECT_THROW((void)Document::load(loop), FormatError);
  EXPECT_THROW((void)Document::load(folder.write("b.yaml", "include: loop.yaml\n")), PlantError);
  const std::string longer(5000, 'x');
  EXPECT_THROW((void)Document::load(longer), FormatError);
  EXPECT_THROW((void)Document::load(folder.write("c.yaml", "include: " + longer + "\n")), PlantError);
  EXPECT_THROW((void)Document::load(folder.write("d.yaml", "orders: " + longer + "\n")), PlantError);
}

TEST(Document, TakesInTheTableOfOrdersWithItsLines) {
  const Folder folder;
  folder.write("orders.csv", "id,product,quantity,release,due\nA,box,2,0,3 d\n\n\"B, big\",box,,1 d,\n");
  const auto d = Document::load(folder.write("shop.yaml", "orders: orders.csv\n"));
  EXPECT_EQ(at(d, "orders"),
            "[{id: A, product: box, quantity: 2, release: 0, due: 3 d}, {id: \"B, big\", product: box, release: 1 d}]");
  EXPECT_THAT(d.get("orders[1].release")->mark.text(), HasSubstr("orders.csv:4:"));
  EXPECT_THROW((void)Document::load(folder.write("bad.yaml", "orders: bad.csv\n")), PlantError);
  folder.write("bad.csv", "id,product\nA,box,3\n");
  EXPECT_THROW((void)Document::load(folder.write("bad.yaml", "orders: bad.csv\n")), PlantError);
}

}  // namespace
}  // namespace twin
