#include "codec/charset.h"

#include <unicode/ucnv.h>
#include <unicode/ucnv_err.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "base/text.h"
#include "codec/utf8.h"

namespace chappe::codec {
namespace {

// Names that mean more, or something else, than the tables of the library say. WHATWG Encoding §4.2, plus old mailers.
constexpr std::pair<std::string_view, std::string_view> kAliases[] = {
    {"ansi_x3.4-1968", "windows-1252"},
    {"ascii", "windows-1252"},
    {"big5", "big5-hkscs"},
    {"cp819", "windows-1252"},
    {"cp932", "windows-31j"},
    {"cp936", "gb18030"},
    {"cp949", "windows-949"},
    {"euc-cn", "gb18030"},
    {"euc-kr", "windows-949"},
    {"gb2312", "gb18030"},
    {"gb_2312-80", "gb18030"},
    {"gbk", "gb18030"},
    {"iso-8859-1", "windows-1252"},
    {"iso-8859-11", "windows-874"},
    {"iso-8859-8-e", "iso-8859-8"},
    {"iso-8859-8-i", "iso-8859-8"},
    {"iso-8859-9", "windows-1254"},
    {"iso8859-1", "windows-1252"},
    {"iso8859_1", "windows-1252"},
    {"iso88591", "windows-1252"},
    {"iso_8859-1", "windows-1252"},
    {"iso_8859-1:1987", "windows-1252"},
    {"ks_c_5601-1987", "windows-949"},
    {"ks_c_5601-1989", "windows-949"},
    {"ksc5601", "windows-949"},
    {"ksc_5601", "windows-949"},
    {"l1", "windows-1252"},
    {"latin1", "windows-1252"},
    {"latin-1", "windows-1252"},
    {"ms949", "windows-949"},
    {"sjis", "windows-31j"},
    {"shift-jis", "windows-31j"},
    {"shift_jis", "windows-31j"},
    {"tis-620", "windows-874"},
    {"unicode-1-1-utf-7", "utf-7"},
    {"unicode-1-1-utf-8", "utf-8"},
    {"unknown-8bit", "windows-1252"},
    {"us-ascii", "windows-1252"},
    {"utf8", "utf-8"},
    {"x-gbk", "gb18030"},
    {"x-sjis", "windows-31j"},
    {"x-user-defined", "windows-1252"},
};

// Tables for machines and for compression, in which ordinary octets mean something else: no letter is written in them.
constexpr std::string_view kRefused[] = {"bocu", "cesu", "ebcdic", "ibm-", "imap-", "lmbcs", "scsu", "x11-"};

constexpr std::array<std::uint16_t, 32> kWindows1252 = {0x20ac, 0x0081, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
                                                        0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0x008d, 0x017d, 0x008f,
                                                        0x0090, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
                                                        0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x009d, 0x017e, 0x0178};

std::string from_windows_1252(ByteView bytes) {
  std::string out;
  out.reserve(bytes.size() + bytes.size() / 8);
  for (const char c : bytes) {
    const auto v = static_cast<unsigned char>(c);
    append_utf8(out, v >= 0x80 && v < 0xa0 ? kWindows1252[v - 0x80] : v);
  }
  return out;
}

struct Close {
  void operator()(UConverter* c) const { ucnv_close(c); }
};
using Converter = std::unique_ptr<UConverter, Close>;

// A few open converters a thread, the last used first: opening one costs more than converting a line.
UConverter* converter(const std::string& name) {
  constexpr std::size_t kKept = 8;
  thread_local std::vector<std::pair<std::string, Converter>> kept;
  auto it = std::find_if(kept.begin(), kept.end(), [&](const auto& e) { return e.first == name; });
  if (it == kept.end()) {
    UErrorCode status = U_ZERO_ERROR;
    Converter c(ucnv_open(name.c_str(), &status));
    if (U_SUCCESS(status)) {
      // Stop at what the charset does not have, so that it is counted and replaced in one way for all of them.
      ucnv_setToUCallBack(c.get(), UCNV_TO_U_CALLBACK_STOP, nullptr, nullptr, nullptr, &status);
    }
    if (U_FAILURE(status)) return nullptr;
    if (kept.size() == kKept) kept.pop_back();
    it = kept.emplace(kept.begin(), name, std::move(c));
  }
  std::rotate(kept.begin(), it, it + 1);
  ucnv_reset(kept.front().second.get());
  return kept.front().second.get();
}

void append_utf16(std::string& out, const UChar* p, const UChar* end, char32_t& high, std::size_t& errors) {
  for (; p < end; ++p) {
    const char32_t u = *p;
    if (high != 0 && u >= 0xdc00 && u <= 0xdfff) {
      append_utf8(out, 0x10000 + (high - 0xd800) * 0x400 + (u - 0xdc00));
      high = 0;
      continue;
    }
    if (high != 0) append_utf8(out, kReplacement);
    high = 0;
    if (u >= 0xd800 && u <= 0xdbff) {
      high = u;
    } else {
      const bool lone = u >= 0xdc00 && u <= 0xdfff;
      errors += lone || u == kReplacement;
      append_utf8(out, lone ? kReplacement : u);
    }
  }
}

bool name_is_sane(ByteView name) {
  return !name.empty() && name.size() <= kMaxCharsetName && std::all_of(name.begin(), name.end(), [](char c) {
    return is_alnum(c) || std::string_view("-_.:+()").find(c) != std::string_view::npos;
  });
}

UConverter* find(const std::string& name) {
  if (!name_is_sane(name)) return nullptr;
  for (const std::string_view prefix : kRefused)
    if (name.starts_with(prefix)) return nullptr;
  return converter(name);
}

}  // namespace

std::string charset_canonical(ByteView charset) {
  std::string name = to_lower(trim(charset, " \t\r\n\"'").substr(0, kMaxCharsetName + 1));
  for (const auto& [alias, target] : kAliases)
    if (name == alias) return std::string(target);
  return name;
}

bool charset_known(ByteView charset) {
  const std::string name = charset_canonical(charset);
  return name == "utf-8" || name == "windows-1252" || find(name) != nullptr;
}

Converted to_utf8(ByteView bytes, ByteView charset) {
  const std::string name = charset_canonical(charset);
  if (name.empty()) {
    if (utf8_valid(bytes)) return {std::string(bytes), true, 0};
    return {from_windows_1252(bytes), true, 0};
  }
  if (name == "windows-1252") {
    if (is_ascii(bytes)) return {std::string(bytes), true, 0};
    return {from_windows_1252(bytes), true, 0};
  }
  UConverter* c = name == "utf-8" ? nullptr : find(name);
  if (c == nullptr) {
    Converted out{{}, name == "utf-8", 0};
    if (utf8_valid(bytes)) {
      out.text = bytes;
    } else {
      out.text = utf8_repair(bytes);
      out.errors = 1;
    }
    return out;
  }
  Converted out;
  out.text.reserve(bytes.size());
  std::array<UChar, 1024> room;
  const char* from = bytes.data();
  const char* const end = from + bytes.size();
  char32_t high = 0;
  for (;;) {
    UChar* to = room.data();
    const char* const before = from;
    UErrorCode status = U_ZERO_ERROR;
    ucnv_toUnicode(c, &to, room.data() + room.size(), &from, end, nullptr, true, &status);
    append_utf16(out.text, room.data(), to, high, out.errors);
    if (status == U_BUFFER_OVERFLOW_ERROR) continue;
    if (U_SUCCESS(status)) break;
    append_utf8(out.text, kReplacement);
    ++out.errors;
    if (from == before && from < end && to == room.data()) ++from;  // whatever the library thinks, go on
    if (from == end) break;
  }
  if (high != 0) {
    append_utf8(out.text, kReplacement);
    ++out.errors;
  }
  return out;
}

}  // namespace chappe::codec
