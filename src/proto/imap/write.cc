#include "proto/imap/write.h"

#include <algorithm>
#include <charconv>
#include <chrono>

#include "base/text.h"
#include "codec/utf8.h"
#include "proto/imap/cursor.h"
#include "proto/imap/mailbox_name.h"

namespace chappe::proto::imap {
namespace {

constexpr ByteView kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

bool may_be_quoted(ByteView text, bool utf8) {
  if (text.size() > kMaxQuoted) return false;
  if (text.contains('\r') || text.contains('\n')) return false;
  return utf8 ? codec::utf8_valid(text) : codec::is_ascii(text);
}

}  // namespace

void write_number(Bytes& out, std::uint64_t n) {
  char digits[20];
  const auto [end, ec] = std::to_chars(digits, digits + sizeof digits, n);
  out.append(digits, static_cast<std::size_t>(end - digits));
}

void write_string(Bytes& out, ByteView text, bool utf8) {
  if (text.contains('\0')) {
    Bytes clean(text);
    std::erase(clean, '\0');
    return write_string(out, clean, utf8);
  }
  if (!may_be_quoted(text, utf8)) {
    write_literal_head(out, text.size());
    out += text;
    return;
  }
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

void write_nstring(Bytes& out, std::optional<ByteView> text, bool utf8) {
  if (text)
    write_string(out, *text, utf8);
  else
    out += "NIL";
}

void write_astring(Bytes& out, ByteView text, bool utf8) {
  const bool atom = !text.empty() && text.size() <= kMaxQuoted && !iequals(text, "NIL") &&
                    std::ranges::all_of(text, [](char c) { return is_atom_char(c) || c == ']'; });
  if (atom)
    out += text;
  else
    write_string(out, text, utf8);
}

void write_mailbox(Bytes& out, ByteView name, bool utf8) { write_astring(out, encode_mailbox(name, utf8), utf8); }

void write_flags(Bytes& out, std::span<const Bytes> flags) {
  out += '(';
  for (std::size_t i = 0; i < flags.size(); ++i) {
    if (i > 0) out += ' ';
    out += flags[i];
  }
  out += ')';
}

void write_date_time(Bytes& out, Time time) {
  using namespace std::chrono;
  const sys_time<microseconds> at{microseconds(time.us)};
  const auto midnight = floor<days>(at);
  const year_month_day date{midnight};
  const hh_mm_ss clock{floor<seconds>(at - midnight)};
  // RFC 9051 §9 date-time: a year has four digits.
  const int year = std::clamp(static_cast<int>(date.year()), 0, 9999);
  out += fmt::format("\"{:2}-{}-{:04} {:02}:{:02}:{:02} +0000\"", static_cast<unsigned>(date.day()),
                     std::string_view(kMonths[static_cast<unsigned>(date.month()) - 1]), year, clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count());
}

void write_literal_head(Bytes& out, std::uint64_t size) {
  out += '{';
  write_number(out, size);
  out += "}\r\n";
}

void write_status(Bytes& out, ByteView tag, ByteView status, ByteView code, ByteView text) {
  out += tag;
  out += ' ';
  out += status;
  out += ' ';
  if (!code.empty()) {
    out += '[';
    out += code;
    out += "] ";
  }
  for (const char c : text) out += is_ctl(c) ? ' ' : is_8bit(c) ? '?' : c;
  out += "\r\n";
}

}  // namespace chappe::proto::imap
