#include "app/demo/teller.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "app/admin_print.h"
#include "app/talk.h"
#include "base/text.h"
#include "codec/utf8.h"

namespace chappe::app::demo {
namespace {

constexpr std::size_t kAnyWidth = 10'000;
constexpr std::size_t kLeastWidth = 40;
constexpr std::string_view kIndent = "   ";

std::size_t terminal_columns() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return std::max<std::size_t>(size.ws_col, kLeastWidth);
}

bool wants_colours() {
  const char* none = std::getenv("NO_COLOR");
  const char* kind = std::getenv("TERM");
  return !(none && *none) && kind && std::string_view(kind) != "dumb";
}

// How many octets of `text` make `columns` characters.
std::size_t octets_of(std::string_view text, std::size_t columns) {
  std::size_t at = 0;
  for (; at < text.size(); ++at) {
    const bool begins = (static_cast<unsigned char>(text[at]) & 0xc0) != 0x80;
    if (begins && columns-- == 0) break;
  }
  return at;
}

}  // namespace

std::string wrapped(std::string_view text, std::size_t columns, std::string_view indent) {
  const std::size_t room = std::max<std::size_t>(columns, width(indent) + 10) - width(indent);
  std::string out;
  while (!text.empty()) {
    std::size_t end = text.size();
    if (width(text) > room) {
      const std::size_t fits = octets_of(text, room + 1);
      end = text.rfind(' ', fits - 1);
      if (end == std::string_view::npos || end == 0) end = octets_of(text, room);
    }
    out += std::string(indent) + std::string(text.substr(0, end)) + "\n";
    text.remove_prefix(end);
    text = text.substr(std::min(text.find_first_not_of(' '), text.size()));
  }
  return out;
}

std::string fitted(std::string_view text, std::size_t columns) {
  if (width(text) <= columns) return std::string(text);
  return std::string(text.substr(0, octets_of(text, columns - 1))) + "…";
}

Teller::Teller(Voice voice, bool french)
    : voice_(voice),
      french_(french),
      colours_(voice == Voice::terminal && wants_colours()),
      columns_(voice == Voice::terminal ? terminal_columns() : kAnyWidth) {}

std::string Teller::inked(std::string_view text, Ink ink) const {
  if (!colours_) return std::string(text);
  const char* code = ink == Ink::good ? "32" : ink == Ink::bad ? "31" : ink == Ink::dim ? "2" : "1";
  return fmt::format("\x1b[{}m{}\x1b[0m", code, text);
}

void Teller::put(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

void Teller::chapter(std::string_view text) {
  if (!silent()) put("\n" + inked(fitted(text, columns_), Ink::strong) + "\n");
}

void Teller::sentence(std::string_view text) { put(wrapped(text, columns_, kIndent)); }

void Teller::wire(std::string_view who, std::string_view line) {
  if (silent()) return;
  put(inked(fitted(fmt::format("     {}: {}", who, shown_line(line)), columns_), Ink::dim) + "\n");
}

void Teller::evidence(Evidence found) {
  if (!silent()) {
    const std::string rule = found.rule.empty() ? std::string() : fmt::format(" ({})", found.rule);
    put(wrapped(words({"• {}: {}{}", "• {} : {}{}"}, found.of, one_line(found.text), rule), columns_, "     "));
  }
  evidence_.push_back(std::move(found));
}

void Teller::open(std::string_view text) {
  if (!silent()) put(wrapped(text, columns_, ""));
}

void Teller::bit(std::string_view text) {
  if (silent()) return;
  const bool begins = column_ == 0;
  const bool fits = column_ + 1 + width(text) <= columns_;
  const std::string_view gap = begins || !fits ? kIndent : " ";
  put(fmt::format("{}{}{}", fits || begins ? "" : "\n", gap, text));
  column_ = (fits ? column_ : 0) + width(gap) + width(text);
}
void Teller::end_line() {
  if (!silent()) put("\n");
  column_ = 0;
}

void Teller::verdict(bool passed, std::string_view seen, std::string_view expected) {
  if (silent()) return;
  const std::string mark = passed ? inked("✓", Ink::good) : inked("✗", Ink::bad);
  const std::string text = wrapped(seen, columns_, "     ");
  put(fmt::format("   {} {}", mark, text.substr(std::min<std::size_t>(text.size(), 5))));
  if (!passed) say({"expected: {}", "attendu : {}"}, expected);
}

void Teller::block(std::string_view text) {
  if (!silent()) put(text);
}

}  // namespace chappe::app::demo
