/// A scenario as a tree of text that remembers where each piece was written.
///
/// A `Document` is what a file says before anyone asks whether it makes sense: nulls, scalars, sequences and mappings
/// in their order, each with its file, line and column. It reads YAML, takes in what `include:` names, answers paths
/// such as `stations.turning.machines.T3`, and writes YAML again. A `Plant` is compiled from it.
///
/// Paths: names joined by dots; a name that holds a dot or a bracket is quoted (`machines."mill.1"`); `[2]` is the
/// third item of a list, one past the last appends; an item of a route is named by its step (`route.OP1`), an order by
/// its id. A group such as `m[1..20]` is meant by that name as a whole, and by `m7` as a member.
#pragma once
#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace twin {

/// Where something was written.
struct Mark {
  std::shared_ptr<const std::string> file;  ///< null when built in code
  int line = 0;                             ///< from 1; 0 when unknown
  int column = 0;                           ///< from 1; 0 when unknown
  /// `shop.yaml:12:9`; empty when unknown.
  [[nodiscard]] std::string text() const;
};

/// One piece of a document. A value: copying copies the whole subtree.
struct Node {
  enum class Kind : unsigned char { kNull, kScalar, kSequence, kMapping };

  Kind kind = Kind::kNull;
  bool quoted = false;         ///< scalars: written in quotes
  std::string scalar;          ///< scalars: the text, quotes removed
  std::vector<Node> children;  ///< items of a sequence, values of a mapping
  std::string key;             ///< of this value in its mapping
  Mark mark, key_mark;

  [[nodiscard]] static Node null() { return {}; }
  [[nodiscard]] static Node text(std::string scalar);
  [[nodiscard]] static Node sequence(std::vector<Node> items = {});
  [[nodiscard]] static Node mapping() { return of_kind(Kind::kMapping); }

  [[nodiscard]] bool is_null() const noexcept { return kind == Kind::kNull; }
  [[nodiscard]] bool is_scalar() const noexcept { return kind == Kind::kScalar; }
  [[nodiscard]] bool is_sequence() const noexcept { return kind == Kind::kSequence; }
  [[nodiscard]] bool is_mapping() const noexcept { return kind == Kind::kMapping; }

  /// Value under a key of a mapping; null pointer when there is none.
  [[nodiscard]] const Node* find(std::string_view name) const noexcept;
  [[nodiscard]] Node* find(std::string_view name) noexcept;
  /// Puts a value under a key: in place of the present one, else at the end. A null node becomes a mapping.
  Node& put(std::string name, Node value);

  /// Same kinds, texts, keys and order; marks and quotes are not compared.
  [[nodiscard]] bool same_as(const Node& other) const noexcept;

 private:
  [[nodiscard]] static Node of_kind(Kind kind);
};

/// Bytes of the longest text that is read.
inline constexpr std::size_t kMaxYamlBytes = 16 << 20;

/// Reads one YAML value: `2`, `{places: 5}`. \throws PlantError with line and column
[[nodiscard]] Node parse_yaml(std::string_view yaml, const std::string& file = "");
/// One line of YAML that reads as the same tree.
[[nodiscard]] std::string to_yaml_line(const Node& node);
/// Lines of YAML that read as the same tree, short pieces on one line.
[[nodiscard]] std::string to_yaml(const Node& node);

/// A whole scenario file, with everything it includes already inside.
class Document {
 public:
  Document() : root_(Node::mapping()) {}
  explicit Document(Node root, std::string name = "plant") : root_(std::move(root)), name_(std::move(name)) {}

  /// Reads a file, the files it includes and the table its `orders` name.
  /// \throws PlantError on anything that is no YAML, a cycle of includes, or more than 64 files, 16 MiB a file, half a
  ///         million nodes, 64 levels; FormatError if the file itself cannot be read
  [[nodiscard]] static Document load(const std::filesystem::path& file);
  /// The same from text; without `folder`, text that names other files is refused.
  [[nodiscard]] static Document parse(std::string_view yaml, const std::string& name = "plant",
                                      const std::filesystem::path& folder = {});

  [[nodiscard]] const Node& root() const noexcept { return root_; }
  [[nodiscard]] Node& root() noexcept { return root_; }
  /// Stem of the file, or the name given.
  [[nodiscard]] const std::string& name() const noexcept { return name_; }

  /// What stands at a path; null when nothing does. For a member of a group, what its group says.
  /// \throws InvalidArgument when `path` is no path
  [[nodiscard]] const Node* get(std::string_view path) const;
  /// Puts a value at a path. Missing mappings on the way are made; a group is split into its members when the path
  /// names one of them.
  /// \throws InvalidArgument naming the part of the path that cannot be followed; the document is then unchanged
  void set(std::string_view path, const Node& value);
  /// The same from YAML text.
  void set(std::string_view path, std::string_view yaml) { set(path, parse_yaml(yaml)); }

  [[nodiscard]] std::string yaml() const { return to_yaml(root_); }

 private:
  Node root_;
  std::string name_ = "plant";
};

/// `parent.name`, the name quoted where a path needs it.
[[nodiscard]] std::string join_path(std::string_view parent, std::string_view name);

}  // namespace twin
