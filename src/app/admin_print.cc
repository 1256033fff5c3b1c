#include "app/admin_print.h"

#include <fmt/format.h>

#include <algorithm>

#include "message/describe.h"

namespace chappe::app {
namespace {

constexpr std::string_view kGap = "  ";

void pad(std::string& out, std::string_view text, std::size_t to) {
  out += text;
  const std::size_t taken = width(text);
  if (taken < to) out.append(to - taken, ' ');
}

}  // namespace

Table::Table(std::vector<std::string_view> head) { rows_.emplace_back(head.begin(), head.end()); }

void Table::add(std::vector<std::string> cells) {
  for (std::string& cell : cells) cell = one_line(cell);
  rows_.push_back(std::move(cells));
}

std::string Table::text() const {
  std::vector<std::size_t> widths(rows_.front().size());
  for (const auto& row : rows_)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width(row[i]));
  std::string out;
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i + 1 < row.size(); ++i) {
      pad(out, row[i], widths[i]);
      out += kGap;
    }
    out += row.back();
    out.erase(out.find_last_not_of(' ') + 1);
    out += '\n';
  }
  return out;
}

void Facts::add(std::string_view name, std::string_view value) { rows_.emplace_back(name, one_line(value)); }

std::string Facts::text() const {
  std::size_t widest = 0;
  for (const auto& [name, value] : rows_) widest = std::max(widest, width(name));
  std::string out;
  for (const auto& [name, value] : rows_) {
    pad(out, name, widest);
    out += kGap;
    out += value;
    out.erase(out.find_last_not_of(' ') + 1);
    out += '\n';
  }
  return out;
}

std::string one_line(std::string_view text) {
  std::string out = message::terminal_safe(text);
  std::ranges::replace(out, '\n', ' ');
  return out;
}

std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::string size_for_people(std::uint64_t octets, bool french) {
  static constexpr std::string_view kEnglish[] = {"B", "kB", "MB", "GB", "TB"};
  static constexpr std::string_view kFrench[] = {"o", "ko", "Mo", "Go", "To"};
  double n = static_cast<double>(octets);
  std::size_t unit = 0;
  for (; n >= 1000 && unit + 1 < std::size(kEnglish); ++unit) n /= 1000;
  std::string number = unit == 0 ? fmt::format("{}", octets) : fmt::format("{:.1f}", n);
  if (french) std::ranges::replace(number, '.', ',');
  return fmt::format("{} {}", number, french ? kFrench[unit] : kEnglish[unit]);
}

std::string time_for_people(std::string_view rfc3339) {
  if (rfc3339.size() < 16) return std::string(rfc3339);
  std::string out(rfc3339.substr(0, 16));
  out[10] = ' ';
  return out;
}

void write_json(codec::json::Writer& w, const codec::json::Value& v) {
  using Kind = codec::json::Value::Kind;
  switch (v.kind()) {
    case Kind::null:
      w.value(nullptr);
      break;
    case Kind::boolean:
      w.value(*v.as_bool());
      break;
    case Kind::integer:
      w.value(*v.as_int());
      break;
    case Kind::real:
      w.value(*v.as_double());
      break;
    case Kind::string:
      w.value(*v.as_string());
      break;
    case Kind::array:
      w.begin_array();
      for (const auto& item : v.items()) write_json(w, item);
      w.end_array();
      break;
    case Kind::object:
      w.begin_object();
      for (const auto& member : v.members()) {
        w.key(member.name);
        write_json(w, member.value);
      }
      w.end_object();
      break;
  }
}

}  // namespace chappe::app
