#include "twin/gateway/shdr.hpp"

#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <memory>
#include <unordered_map>
#include <unordered_set>

#include "twin/base/error.hpp"
#include "twin/base/hash.hpp"

namespace twin::gateway {
namespace {

using sync::Observation;
using sync::ObservationLog;

constexpr std::size_t kMaxItemName = 128;
constexpr std::size_t kMaxQuarantineText = 200;
constexpr std::size_t kMaxFields = 4096;

bool is_item_name(std::string_view name) {
  if (name.empty() || name.size() > kMaxItemName) return false;
  return std::none_of(name.begin(), name.end(), [](char c) {
    const auto u = static_cast<unsigned char>(c);
    return u < 0x20 || u == 0x7f;
  });
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// One pass over a text; the log's text does not move while it runs.
class Parser {
 public:
  Parser(ObservationLog& log, const ShdrOptions& options) : log_(log), options_(options) {
    log_.observations.reserve(log_.text.size() / 40);
  }

  void run() {
    const std::string_view text = log_.text;
    std::size_t at = 0;
    while (at < text.size()) {
      const std::size_t end = line_end(at);
      line(text.substr(at, end - at));
      at = end + 1;
      if (end < text.size() && text[end] == '\r' && at < text.size() && text[at] == '\n') ++at;
    }
    reject_clock_jumps();
    sort();
    remove_duplicates();
  }

 private:
  std::size_t line_end(std::size_t at) {
    const std::string_view text = log_.text;
    if (next_lf_ == kUnknown || (next_lf_ < at && next_lf_ != text.size())) next_lf_ = find_or_end('\n', at);
    if (next_cr_ == kUnknown || (next_cr_ < at && next_cr_ != text.size())) next_cr_ = find_or_end('\r', at);
    return std::min(next_lf_, next_cr_);
  }
  std::size_t find_or_end(char c, std::size_t at) const {
    const std::size_t found = log_.text.find(c, at);
    return found == std::string::npos ? log_.text.size() : found;
  }

  void quarantine(std::string_view text, const char* reason) { quarantine_at(line_, text, reason); }
  void quarantine_at(std::uint32_t line, std::string_view text, const char* reason) {
    ++log_.counts.quarantined;
    if (log_.quarantine.size() < options_.keep_quarantined) {
      log_.quarantine.push_back({log_.source, line, std::string(text.substr(0, kMaxQuarantineText)), reason});
    }
  }

  std::uint32_t intern(std::string_view name) {
    if (name == last_name_) return last_id_;
    const auto [at, is_new] = ids_.try_emplace(name, static_cast<std::uint32_t>(log_.items.size()));
    if (is_new) log_.items.emplace_back(name);
    last_name_ = name;
    last_id_ = at->second;
    return last_id_;
  }

  bool is_known(std::string_view name) const {
    const auto& known = options_.known_items;
    return known.empty() || std::find(known.begin(), known.end(), name) != known.end();
  }

  void observe(Tick time, std::string_view item, std::string_view value) {
    log_.observations.push_back({time, intern(item), static_cast<std::uint32_t>(value.data() - log_.text.data()),
                                 static_cast<std::uint32_t>(value.size()), line_});
    ++log_.counts.values;
  }

  static bool is_condition_level(std::string_view v) {
    return sync::same_word(v, "NORMAL") || sync::same_word(v, "WARNING") || sync::same_word(v, "FAULT");
  }

  void line(std::string_view text) {
    ++log_.counts.lines;
    ++line_;
    if (!asset_end_.empty()) {  // inside an asset document, up to its end marker
      ++log_.counts.protocol;
      if (trim(text) == asset_end_) asset_end_ = {};
      return;
    }
    if (line_ == 1 && text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    if (trim(text).empty()) {
      ++log_.counts.blank;
      return;
    }
    if (text.front() == '*') {
      ++log_.counts.protocol;
      return;
    }
    const std::size_t bar = text.find('|');
    if (bar == std::string_view::npos) return quarantine(text, "no item: the line has no '|'");
    std::string_view stamp = trim(text.substr(0, bar));
    stamp = stamp.substr(0, stamp.find('@'));  // time@duration of a sample
    WallTime wall;
    if (stamp.empty()) return quarantine(text, "no time");
    if (!parse_wall_time(stamp, wall)) return quarantine(text, "unparsable time");
    const Tick time = wall.time_since_epoch().count();
    if (time < options_.earliest) return quarantine(text, "time before the earliest allowed: the clock was not set");
    fields(text, time, text.substr(bar + 1));
  }

  void fields(std::string_view text, Tick time, std::string_view rest) {
    fields_.clear();
    while (fields_.size() <= kMaxFields) {
      const std::size_t bar = rest.find('|');
      fields_.push_back(rest.substr(0, bar));
      if (bar == std::string_view::npos) break;
      rest.remove_prefix(bar + 1);
    }
    if (fields_.size() > kMaxFields) return quarantine(text, "too many fields");
    const std::size_t n = fields_.size();
    const std::string_view first = trim(fields_[0]);
    if (n >= 2 && first.size() > 2 && first.front() == '@' && first.back() == '@') {  // @ASSET@, @REMOVE_ASSET@ ...
      ++log_.counts.protocol;
      if (fields_.back().starts_with("--multiline--")) asset_end_ = trim(fields_.back());
      return;
    }
    if (n == 1) return quarantine(text, "missing value");
    // A condition: level, code, severity, qualifier, text. `UNAVAILABLE` is one only when what follows is empty.
    const bool is_condition =
        n == 6 && (is_condition_level(fields_[1]) ||
                   (sync::same_word(fields_[1], "UNAVAILABLE") && fields_[2].empty() && fields_[3].empty()));
    const bool is_message = n == 3;  // item, native code, text
    const std::size_t before = log_.observations.size();
    const char* fault = nullptr;
    if (is_condition || is_message) {
      if (!is_item_name(first)) {
        fault = "no printable item name";
      } else if (!is_known(first)) {
        fault = "unknown item";
      } else {
        observe(time, first, is_condition ? fields_[1] : fields_[2]);
      }
    } else {
      for (std::size_t i = 0; i < n; i += 2) {
        const std::string_view item = trim(fields_[i]);
        if (i + 1 == n) {
          if (!item.empty()) fault = "missing value";  // a single '|' at the end is harmless
        } else if (!is_item_name(item)) {
          fault = "no printable item name";
        } else if (!is_known(item)) {
          fault = "unknown item";
        } else {
          observe(time, item, trim(fields_[i + 1]));
        }
      }
    }
    if (fault) {  // all or nothing, so that a line is counted once
      log_.counts.values -= log_.observations.size() - before;
      log_.observations.resize(before);
      return quarantine(text, fault);
    }
    ++log_.counts.observed;
  }

  /// Marks the few observations of a time far (`max_late`) from that of nearly all others, in whatever order they came.
  void mark_strangers(std::vector<bool>& bad) const {
    const auto& list = log_.observations;
    std::vector<std::uint32_t> order(list.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<std::uint32_t>(i);
    std::sort(order.begin(), order.end(), [&](auto a, auto b) { return list[a].time < list[b].time; });
    const std::size_t few = list.size() / 100 + 1;
    for (std::size_t i = 0; i < order.size();) {
      std::size_t end = i + 1;
      while (end < order.size() && list[order[end]].time - list[order[end - 1]].time <= options_.max_late) ++end;
      if (end - i <= few && end - i < list.size() && list.size() > 2) {
        for (std::size_t k = i; k < end; ++k) bad[order[k]] = true;
      }
      i = end;
    }
  }

  /// Marks the few observations that leap ahead (`max_ahead`) of what came before and of what comes for long after.
  /// Where files were joined, an old snapshot follows a leap too, but the stream is soon back at the later time.
  void mark_leaps(std::vector<bool>& bad) const {
    const auto& list = log_.observations;
    constexpr std::size_t kWindow = 1000;
    constexpr Tick kNone = std::numeric_limits<Tick>::min();
    Tick latest = kNone;
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (bad[i]) continue;
      const Tick bound = list[i].time - options_.max_ahead;
      if (latest == kNone || bound > latest) {
        std::size_t below = 0, above = 0;
        for (std::size_t j = i + 1; j < list.size() && j <= i + kWindow; ++j) {
          if (!bad[j]) ++(list[j].time < bound ? below : above);
        }
        bad[i] = below > 0 && 10 * above < below;
        if (bad[i]) continue;
      }
      latest = std::max(latest, list[i].time);
    }
  }

  void reject_clock_jumps() {
    auto& list = log_.observations;
    if (list.empty()) return;
    const auto [low, high] = std::minmax_element(
        list.begin(), list.end(), [](const Observation& a, const Observation& b) { return a.time < b.time; });
    if (high->time - low->time <= std::min(options_.max_ahead, options_.max_late)) return;
    std::vector<bool> bad(list.size());
    mark_strangers(bad);
    std::size_t falls = 0;
    for (std::size_t i = 1; i < list.size(); ++i) falls += list[i].time < list[i - 1].time;
    if (falls * 20 < list.size()) mark_leaps(bad);  // in a shuffled source, order tells nothing
    const bool any = std::find(bad.begin(), bad.end(), true) != bad.end();
    if (!any) return;
    std::size_t keep = 0;
    std::uint32_t last_bad_line = 0;
    for (std::size_t i = 0; i < list.size(); ++i) {
      // A line stands or falls as a whole: all its values have the same time.
      if (!bad[i]) {
        list[keep++] = list[i];
        continue;
      }
      --log_.counts.values;
      if (list[i].line == last_bad_line) continue;
      last_bad_line = list[i].line;
      --log_.counts.observed;
      const std::string text = format_wall_time(WallTime(Duration(list[i].time))) + "|" + log_.item(list[i]) + "|" +
                               std::string(log_.value(list[i]));
      quarantine_at(list[i].line, text, "time far from that of all lines around: the clock jumped");
    }
    list.resize(keep);
  }

  void sort() {
    auto& list = log_.observations;
    Tick latest = std::numeric_limits<Tick>::min();
    for (const Observation& o : list) {
      log_.counts.late += o.time < latest;
      latest = std::max(latest, o.time);
    }
    if (log_.counts.late == 0) return;
    std::stable_sort(list.begin(), list.end(),
                     [](const Observation& a, const Observation& b) { return a.time < b.time; });
  }

  void remove_duplicates() {
    auto& list = log_.observations;
    const auto same = [&](const Observation& a, const Observation& b) {
      return a.item == b.item && log_.value(a) == log_.value(b);
    };
    const auto hash = [&](const Observation& o) {
      return static_cast<std::size_t>(hash_combine(hash_name(log_.value(o)), o.item));
    };
    std::unordered_set<Observation, decltype(hash), decltype(same)> seen(64, hash, same);
    constexpr std::size_t kSmall = 32;
    std::size_t keep = 0;
    for (std::size_t i = 0; i < list.size();) {
      std::size_t end = i + 1;
      while (end < list.size() && list[end].time == list[i].time) ++end;
      const auto first = list.begin() + static_cast<std::ptrdiff_t>(keep);
      const bool is_large = end - i > kSmall;
      if (is_large) seen.clear();
      for (; i < end; ++i) {
        const auto kept = list.begin() + static_cast<std::ptrdiff_t>(keep);
        const bool is_new = is_large
                                ? seen.insert(list[i]).second
                                : std::none_of(first, kept, [&](const Observation& o) { return same(o, list[i]); });
        if (is_new) {
          list[keep++] = list[i];
        } else {
          ++log_.counts.duplicates;
        }
      }
    }
    list.resize(keep);
  }

  static constexpr std::size_t kUnknown = static_cast<std::size_t>(-1);
  ObservationLog& log_;
  const ShdrOptions& options_;
  std::uint32_t line_ = 0;
  std::size_t next_lf_ = kUnknown, next_cr_ = kUnknown;
  std::unordered_map<std::string_view, std::uint32_t> ids_;
  std::string_view last_name_;
  std::uint32_t last_id_ = 0;
  std::string_view asset_end_;
  std::vector<std::string_view> fields_;
};

void parse_into(ObservationLog& log, const ShdrOptions& options) { Parser(log, options).run(); }

struct GzClose {
  void operator()(gzFile_s* file) const { gzclose_r(file); }
};

}  // namespace

sync::ObservationLog parse_shdr(std::string text, std::string source, const ShdrOptions& options) {
  ObservationLog log;
  log.source = std::move(source);
  const std::size_t limit = std::min<std::size_t>(options.max_bytes, std::numeric_limits<std::uint32_t>::max());
  const bool cut = text.size() > limit;
  if (cut) text.resize(limit);
  log.text = std::move(text);
  parse_into(log, options);
  if (cut) log.quarantine.push_back({log.source, 0, {}, "longer than the allowed size: the rest was not read"});
  return log;
}

sync::ObservationLog read_shdr(const std::filesystem::path& path, const ShdrOptions& options) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    throw InvalidArgument(path.string() + ": is a folder, not a log");
  }
  errno = 0;
  const std::unique_ptr<gzFile_s, GzClose> file(gzopen(path.string().c_str(), "rb"));
  if (!file) throw InvalidArgument(path.string() + ": cannot be opened: " + std::strerror(errno));
  gzbuffer(file.get(), 1U << 17);
  const std::size_t limit = std::min<std::size_t>(options.max_bytes, std::numeric_limits<std::uint32_t>::max());
  std::string text;
  std::string fault;
  std::size_t filled = 0;
  while (true) {
    if (text.size() == filled) text.resize(std::min(limit + 1, std::max<std::size_t>(filled * 2, 1U << 18)));
    const auto room = static_cast<unsigned>(std::min<std::size_t>(text.size() - filled, 1U << 30));
    const int got = gzread(file.get(), text.data() + filled, room);
    if (got > 0) filled += static_cast<std::size_t>(got);
    int code = Z_OK;
    const char* why = gzerror(file.get(), &code);
    if (got < 0 || (code != Z_OK && code != Z_STREAM_END)) {
      fault = code == Z_BUF_ERROR ? "the gzip stream breaks off" : std::string("the gzip stream is corrupt: ") + why;
      break;
    }
    if (got == 0) break;
    if (filled > limit) {
      filled = limit;
      fault = "longer than the allowed size: the rest was not read";
      break;
    }
  }
  text.resize(filled);
  if (filled == 0 && !fault.empty()) throw FormatError(path.string() + ": " + fault + "; nothing could be read");
  text.shrink_to_fit();
  ObservationLog log;
  log.source = path.filename().string();
  log.text = std::move(text);
  parse_into(log, options);
  if (!fault.empty()) log.quarantine.push_back({log.source, 0, {}, fault});
  return log;
}

LogFolder read_logs(const std::filesystem::path& path, const sync::Rules& rules, const ShdrOptions& options) {
  namespace fs = std::filesystem;
  std::error_code error;
  std::vector<fs::path> paths;
  if (fs::is_directory(path, error)) {
    for (fs::recursive_directory_iterator at(path, fs::directory_options::skip_permission_denied, error), end;
         !error && at != end; at.increment(error)) {
      if (at->is_regular_file(error)) paths.push_back(at->path());
    }
  } else if (fs::exists(path, error)) {
    paths.push_back(path);
  } else {
    throw InvalidArgument(path.string() + ": no such file or folder");
  }
  std::sort(paths.begin(), paths.end());
  ShdrOptions with_items = options;
  if (with_items.known_items.empty()) with_items.known_items = rules.known_items;
  LogFolder folder;
  for (const fs::path& file : paths) {
    const auto ticket = sync::read_ticket(file.filename().string(), rules);
    if (!ticket) {
      folder.skipped.push_back({file.string(), "the name matches no pattern of the rules"});
      continue;
    }
    try {
      folder.logs.push_back({read_shdr(file, with_items), *ticket});
    } catch (const Error& e) {
      folder.skipped.push_back({file.string(), e.what()});
    }
  }
  if (folder.logs.empty() && folder.skipped.empty()) throw InvalidArgument(path.string() + ": no file in it");
  if (folder.logs.empty()) {
    throw InvalidArgument(path.string() + ": none of its " + std::to_string(folder.skipped.size()) +
                          " files is a log; first: " + folder.skipped.front().path + ": " +
                          folder.skipped.front().reason);
  }
  return folder;
}

}  // namespace twin::gateway
