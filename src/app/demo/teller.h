// The voice of the demo: what happens, in plain words, as it happens. On a terminal with colours and lines that fit;
// elsewhere plain lines; with --json it says nothing.
//
// Main thread.
#pragma once

#include <fmt/core.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/cli.h"

namespace chappe::app::demo {

// Why something was decided: what was looked into, what was found, and the rule that makes it count.
struct Evidence {
  std::string of;    // "SPF", "DKIM"
  std::string text;  // in the reader's language
  std::string rule;  // "RFC 7208 §5.6"; empty: one of our own
};

class Teller {
 public:
  enum class Voice { silent, plain, terminal };
  Teller(Voice voice, bool french);

  std::string_view in(Text text) const { return text.in(french_); }
  bool silent() const { return voice_ == Voice::silent; }
  bool terminal() const { return voice_ == Voice::terminal; }
  bool french() const { return french_; }
  // Columns of the terminal; elsewhere as many as a line may need.
  std::size_t columns() const { return columns_; }

  // A heading.
  void chapter(std::string_view text);
  // A sentence about what happens.
  template <class... Args>
  void say(Text text, const Args&... args) {
    if (!silent()) sentence(fmt::format(fmt::runtime(in(text)), args...));
  }
  // The same, not told but given.
  template <class... Args>
  std::string words(Text text, const Args&... args) const {
    return fmt::format(fmt::runtime(in(text)), args...);
  }
  // A line of evidence, told and kept.
  void evidence(Evidence found);
  std::vector<Evidence> take_evidence() { return std::exchange(evidence_, {}); }
  // A line that went over the wire, and who said it.
  void wire(std::string_view who, std::string_view line);
  // Something that happens before the first chapter.
  void open(std::string_view text);
  // What comes bit by bit: a beginning, bits, and the end of the line.
  void bit(std::string_view text);
  void end_line();
  // How a scenario ended.
  void verdict(bool passed, std::string_view seen, std::string_view expected);
  // Lines as they are.
  void block(std::string_view text);

  // `text` in colour, where there are colours.
  enum class Ink { good, bad, dim, strong };
  std::string inked(std::string_view text, Ink ink) const;

 private:
  void sentence(std::string_view text);
  void put(std::string_view text);

  const Voice voice_;
  const bool french_;
  const bool colours_;
  const std::size_t columns_;
  std::size_t column_ = 0;  // of the next bit
  std::vector<Evidence> evidence_;
};

// `text` in lines of at most `columns`, broken at blanks; each begins with `indent`.
std::string wrapped(std::string_view text, std::size_t columns, std::string_view indent);
// At most `columns` characters of it, the last one "…" where something is left out.
std::string fitted(std::string_view text, std::size_t columns);

}  // namespace chappe::app::demo
