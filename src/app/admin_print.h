// How the verbs of administration show what they were answered: tables and pages for people, JSON for programs.
// Pure, but for what is said at each declaration.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "app/cli.h"
#include "codec/json.h"

namespace chappe::app {

// Columns of text, each as wide as its widest cell; a last column is never padded. Cells are made fit for a terminal.
class Table {
 public:
  explicit Table(std::vector<std::string_view> head);
  // As many cells as there are columns.
  void add(std::vector<std::string> cells);
  bool empty() const { return rows_.size() == 1; }
  std::string text() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

// Names and values, one pair a line, the values under each other.
class Facts {
 public:
  void add(std::string_view name, std::string_view value);
  std::string text() const;

 private:
  std::vector<std::pair<std::string, std::string>> rows_;
};

// One line for a terminal: no control characters, no line ends.
std::string one_line(std::string_view text);
// How many columns `text` takes: one for each character of its UTF-8.
std::size_t width(std::string_view text);
// "1.5 MB", "312 B"
std::string size_for_people(std::uint64_t octets, bool french);
// "2026-11-21 19:50" of an RFC 3339 text.
std::string time_for_people(std::string_view rfc3339);

void write_json(codec::json::Writer& writer, const codec::json::Value& value);

}  // namespace chappe::app
