#include "twin/gateway/shdr.hpp"

#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <limits>
#include <memory>
#include <optional>
#include <unordered_map>
#include <unordered_set>

#include "twin/base/error.hpp"
#include "twin/base/hash.hpp"
#include "twin/study/cancelled.hpp"

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

/// How a text ended before its time.
struct Ending {
  enum class Kind : std::uint8_t {
    kWhole,
    kTooLong,
    kBroken,    ///< it broke off, or nothing more could be decoded
    kChecksum,  ///< all was decoded, and something in it is wrong
  };
  static constexpr std::size_t kNowhere = static_cast<std::size_t>(-1);

  Kind kind = Kind::kWhole;
  std::string what, why;  ///< `gzip stream damaged`, `invalid block type`
  std::size_t byte = 0;   ///< of the file
  /// Byte of the text behind which something is damaged; the first line there that is not understood betrays it.
  std::size_t suspect_from = kNowhere;

  /// \param is_found  whether a line not understood after `last_line` showed the damage
  [[nodiscard]] std::string reason(std::uint32_t last_line, bool is_found) const {
    const std::string line = std::to_string(last_line);
    const std::string place = ", byte " + std::to_string(byte) + ": " + why;
    if (kind == Kind::kTooLong) return "longer than the allowed size: the rest was not read";
    if (kind == Kind::kBroken || is_found) return what + " after line " + line + place;
    return what + " at an unknown place up to line " + line + place + "; all lines were kept, any of them may be wrong";
  }
};

/// One pass over a text; the log's text does not move while it runs.
class Parser {
 public:
  Parser(ObservationLog& log, const ShdrOptions& options, const Ending& ending)
      : log_(log), options_(options), ending_(ending) {
    log_.observations.reserve(log_.text.size() / 40);
  }

  void run() {
    const std::string_view text = log_.text;
    const bool is_cut = ending_.kind == Ending::Kind::kTooLong || ending_.kind == Ending::Kind::kBroken;
    bool is_found = false;  // the first sign of the damage
    std::string_view rest;
    std::size_t at = 0;
    while (at < text.size()) {
      if ((line_ & 0xfffU) == 0) check_cancelled();
      const std::size_t end = line_end(at);
      rest = text.substr(at, end - at);
      if (is_cut && end == text.size()) break;
      const std::size_t kept = log_.quarantine.size(), rejected = log_.counts.quarantined;
      line(rest);
      if (end > ending_.suspect_from && log_.counts.quarantined > rejected) {
        take_back(kept);
        is_found = true;
        break;
      }
      rest = {};
      at = end + 1;
      if (end < text.size() && text[end] == '\r' && at < text.size() && text[at] == '\n') ++at;
    }
    std::string reason;
    if (ending_.kind != Ending::Kind::kWhole) reason = end_early(is_found);
    reject_clock_jumps();
    sort();
    remove_duplicates();
    if (!reason.empty()) {
      log_.quarantine.push_back(
          {log_.source, line_, std::string(rest.substr(0, kMaxQuarantineText)), std::move(reason)});
    }
  }

 private:
  void check_cancelled() const { study::check_cancelled(options_.cancel, "reading logs"); }

  /// Forgets the line just put into quarantine.
  void take_back(std::size_t kept) {
    --line_;
    --log_.counts.lines;
    --log_.counts.quarantined;
    log_.quarantine.resize(kept);
  }
  /// Counts the line at which reading ends. \return why it does
  std::string end_early(bool is_found) {
    std::string reason = ending_.reason(line_, is_found);
    ++line_;
    ++log_.counts.lines;
    ++log_.counts.quarantined;
    return reason;
  }

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
      if ((i & 0xfffU) == 0) check_cancelled();
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
    std::optional<std::unordered_set<Observation, decltype(hash), decltype(same)>> seen;  // where many have one time
    constexpr std::size_t kSmall = 32;
    std::size_t keep = 0;
    for (std::size_t i = 0; i < list.size();) {
      std::size_t end = i + 1;
      while (end < list.size() && list[end].time == list[i].time) ++end;
      const auto first = list.begin() + static_cast<std::ptrdiff_t>(keep);
      const bool is_large = end - i > kSmall;
      if (is_large) seen.emplace(64, hash, same);  // clearing would cost what the largest one needed
      for (; i < end; ++i) {
        const auto kept = list.begin() + static_cast<std::ptrdiff_t>(keep);
        const bool is_new = is_large
                                ? seen->insert(list[i]).second
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
  const Ending& ending_;
  std::uint32_t line_ = 0;
  std::size_t next_lf_ = kUnknown, next_cr_ = kUnknown;
  std::unordered_map<std::string_view, std::uint32_t> ids_;
  std::string_view last_name_;
  std::uint32_t last_id_ = 0;
  std::string_view asset_end_;
  std::vector<std::string_view> fields_;
};

ObservationLog parse(std::string text, std::string source, const ShdrOptions& options, const Ending& ending) {
  ObservationLog log;
  log.source = std::move(source);
  log.text = std::move(text);
  Parser(log, options, ending).run();
  return log;
}

std::size_t most_bytes(const ShdrOptions& options) {
  return std::min<std::size_t>(options.max_bytes, std::numeric_limits<std::uint32_t>::max());
}

Ending too_long() { return {.kind = Ending::Kind::kTooLong, .what = {}, .why = {}}; }

/// The text of a file, plain or gzip, as far as it can be had.
class FileText {
 public:
  FileText(const std::filesystem::path& path, const ShdrOptions& options)
      : limit_(most_bytes(options)), cancel_(options.cancel) {
    errno = 0;
    file_.reset(std::fopen(path.string().c_str(), "rb"));
    if (!file_) throw InvalidArgument(path.string() + ": cannot be opened: " + std::strerror(errno));
  }

  void read() {
    const bool is_gzip = fill() && size_ > 1 && chunk_[0] == 0x1f && chunk_[1] == 0x8b;
    if (is_gzip) {
      unpack();
    } else {
      copy();
    }
    if (ending.kind == Ending::Kind::kWhole && std::ferror(file_.get()) != 0) end("file unreadable", unreadable_);
    text.resize(filled_);
    text.shrink_to_fit();
  }

  std::string text;
  Ending ending;

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  /// An inflater of gzip data, one member after another.
  class Inflater {
   public:
    Inflater() {
      if (inflateInit2(&stream, 16 + MAX_WBITS) != Z_OK) throw Error("zlib cannot be started: no memory");
    }
    ~Inflater() { inflateEnd(&stream); }
    Inflater(const Inflater&) = delete;
    Inflater& operator=(const Inflater&) = delete;
    z_stream stream = {};
  };

  /// Reads the next piece of the file. \return false at its end
  bool fill() {
    study::check_cancelled(cancel_, "reading logs");
    before_ += size_;
    errno = 0;
    size_ = std::fread(chunk_.data(), 1, chunk_.size(), file_.get());
    if (std::ferror(file_.get()) != 0) unreadable_ = std::strerror(errno);
    return size_ > 0;
  }
  void end(std::string what, std::string why, Ending::Kind kind = Ending::Kind::kBroken) {
    ending = {.kind = kind, .what = std::move(what), .why = std::move(why), .byte = before_ + size_};
  }
  /// Room for what comes next; one byte more than allowed tells that there is more.
  std::size_t make_room() {
    if (text.size() == filled_) text.resize(std::min(limit_ + 1, std::max<std::size_t>(filled_ * 2, 1U << 18)));
    return text.size() - filled_;
  }
  bool is_too_long() {
    if (filled_ <= limit_) return false;
    filled_ = limit_;
    ending = too_long();
    return true;
  }

  void copy() {
    do {
      for (std::size_t at = 0; at < size_;) {
        const std::size_t n = std::min(make_room(), size_ - at);
        std::memcpy(text.data() + filled_, chunk_.data() + at, n);
        at += n;
        filled_ += n;
        if (is_too_long()) return;
      }
    } while (fill());
  }

  void unpack() {
    Inflater inflater;
    z_stream& stream = inflater.stream;
    stream.next_in = chunk_.data();
    stream.avail_in = static_cast<unsigned>(size_);
    std::size_t member = 0;   // where the present one begins in the text
    bool is_decoded = false;  // it is, but for its checksum
    while (true) {
      if (stream.avail_in == 0 && fill()) {
        stream.next_in = chunk_.data();
        stream.avail_in = static_cast<unsigned>(size_);
      }
      const auto room = static_cast<unsigned>(std::min<std::size_t>(make_room(), 1U << 30));
      stream.next_out = reinterpret_cast<unsigned char*>(text.data()) + filled_;
      stream.avail_out = room;
      const int code = inflate(&stream, Z_BLOCK);
      filled_ += room - stream.avail_out;
      if (is_too_long()) return;
      if (code == Z_STREAM_END) {
        if (!next_member(stream)) return;
        is_decoded = false;
        member = filled_;
      } else if (code == Z_OK || (code == Z_BUF_ERROR && stream.avail_in > 0)) {
        if ((stream.data_type & 128) != 0) is_decoded = (stream.data_type & 64) != 0;  // at the end of a block
      } else {
        std::string why = stream.msg != nullptr ? stream.msg : "no memory";
        if (code == Z_BUF_ERROR) why = unreadable_.empty() ? "it breaks off" : unreadable_;
        end("gzip stream damaged", std::move(why),
            is_decoded && code == Z_DATA_ERROR ? Ending::Kind::kChecksum : Ending::Kind::kBroken);
        ending.byte -= stream.avail_in;
        if (code == Z_DATA_ERROR) ending.suspect_from = member;
        return;
      }
    }
  }
  /// Whether another member follows; zeros fill up tapes.
  bool next_member(z_stream& stream) {
    do {
      while (stream.avail_in > 0 && *stream.next_in == 0) {
        ++stream.next_in;
        --stream.avail_in;
      }
      if (stream.avail_in > 0) return inflateReset(&stream) == Z_OK;
      stream.next_in = chunk_.data();
      stream.avail_in = fill() ? static_cast<unsigned>(size_) : 0;
    } while (stream.avail_in > 0);
    return false;
  }

  std::size_t limit_;
  const std::atomic<bool>* cancel_;
  std::unique_ptr<std::FILE, Close> file_;
  std::vector<unsigned char> chunk_ = std::vector<unsigned char>(1U << 17);
  std::size_t size_ = 0, before_ = 0;  ///< bytes in the chunk, and in the file before it
  std::size_t filled_ = 0;
  std::string unreadable_;  ///< why the file cannot be read further
};

}  // namespace

sync::ObservationLog parse_shdr(std::string text, std::string source, const ShdrOptions& options) {
  const bool is_cut = text.size() > most_bytes(options);
  if (is_cut) text.resize(most_bytes(options));
  return parse(std::move(text), std::move(source), options, is_cut ? too_long() : Ending{});
}

sync::ObservationLog read_shdr(const std::filesystem::path& path, const ShdrOptions& options) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    throw InvalidArgument(path.string() + ": is a folder, not a log");
  }
  FileText file(path, options);
  file.read();
  ObservationLog log = parse(std::move(file.text), path.filename().string(), options, file.ending);
  if (file.ending.kind == Ending::Kind::kBroken && log.counts.lines == 1)
    throw FormatError(path.string() + ": " + log.quarantine.back().reason + "; nothing could be read");
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
    } catch (const study::Cancelled&) {
      throw;
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
