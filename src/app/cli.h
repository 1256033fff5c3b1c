// The command line: `chappe VERB [SUB-VERB] [OPTIONS] [ARGUMENTS]`.
//
// One table (cli_table.cc) declares every verb with its options, arguments and examples, in English and French. The
// parser, --help, the bash completion and the manual page all follow it. What a verb does is an Action, which main()
// binds to its name; a verb without one is a bug that the tests find.
//
// Nothing here blocks except on standard output.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace chappe::app {

inline constexpr std::string_view kVersion = "0.1.0";
inline constexpr std::string_view kStandardConfig = "/etc/chappe/chappe.toml";

struct Text {
  std::string_view en, fr;
  std::string_view in(bool french) const { return french ? fr : en; }
};

struct OptionRow {
  std::string_view name;      // without "--"
  std::string_view argument;  // "FILE"; empty: the option is a switch
  Text doc;
  std::string_view standard = {};  // what it is when it is not given; empty: nothing
  bool repeatable = false;
  std::vector<std::string_view> choices = {};  // empty: anything
};

struct ArgumentRow {
  std::string_view name;  // "ADDRESS"
  bool optional = false;
  bool repeatable = false;                     // the last one only
  std::vector<std::string_view> choices = {};  // empty: anything
};

struct ExampleRow {
  std::string_view line;
  Text doc;
};

struct VerbRow {
  std::string_view name;  // "serve", "domain add"
  Text brief;             // one line
  Text manual;            // a paragraph
  std::vector<ArgumentRow> arguments = {};
  std::vector<OptionRow> options = {};
  std::vector<ExampleRow> examples = {};
};

// In the order in which people read them.
const std::vector<VerbRow>& verbs();
// The options that every verb takes: --json, --lang, --help, --version.
const std::vector<OptionRow>& common_options();

// A command line that was understood.
class Invocation {
 public:
  const VerbRow& verb() const { return *verb_; }
  const std::vector<std::string>& arguments() const { return arguments_; }
  // Argument `i`, which the table says is always there.
  const std::string& argument(std::size_t i) const { return arguments_.at(i); }

  bool has(std::string_view option) const { return given_.contains(option); }
  // The last one given, else the standard one of the table.
  std::optional<std::string> value(std::string_view option) const;
  // All of them, in order.
  std::vector<std::string> values(std::string_view option) const;

  bool json() const { return has("json"); }
  bool french() const { return french_; }
  std::string_view say(Text text) const { return text.in(french_); }

  // Tells people (or, with --json, programs) on standard error why the verb fails. Gives the exit code (sysexits).
  int refuse(const Error& error) const;

 private:
  friend class CliParser;
  const VerbRow* verb_ = nullptr;
  std::vector<std::string> arguments_;
  std::map<std::string, std::vector<std::string>, std::less<>> given_;
  bool french_ = false;
};

// What a line asks for that is not a verb's action.
struct Parsed {
  enum class Want { action, help, version };
  Want want = Want::action;
  Invocation invocation;    // verb() only when there is one
  std::string help_prefix;  // with help: the verb, or the beginning of several, or empty for all
};

// `words` without the program's name; `locale` as in $LANG, for want of --lang. Errc::usage, in the right language.
Result<Parsed> parse_command_line(std::span<const std::string> words, std::string_view locale);

// `prefix` empty: all verbs; "domain": those that begin with it; "domain add": that one.
std::string help_text(std::string_view prefix, bool french);
// "chappe domain add [--config FILE] DOMAIN"
std::string synopsis(const VerbRow& verb);
std::string bash_completion();
// In roff, with the configuration's keys, the log's events and the metrics.
std::string manual_page(bool french);

using Action = int (*)(const Invocation&);
struct Binding {
  std::string_view verb;
  Action action;
};

// The verbs that this folder serves itself: config describe, completion, man.
std::span<const Binding> own_bindings();
// The verbs of the table that are bound neither here nor in `bindings`, and those bound that are not in the table.
std::vector<std::string_view> misbound(std::span<const Binding> bindings);

// All of main(): parses, runs, gives the exit code.
int run_command_line(int argc, const char* const* argv, std::span<const Binding> bindings);

}  // namespace chappe::app
