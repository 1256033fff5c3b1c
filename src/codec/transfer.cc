#include "codec/transfer.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "codec/base64.h"

namespace chappe::codec {
namespace {

constexpr std::size_t kLine = 76;  // RFC 2045 §6.7 rule 5, §6.8

// What an octet means in base64: 0..63, or one of these.
enum : std::uint8_t { kPad = 64, kBlank = 65, kStranger = 66 };
constexpr std::array<std::uint8_t, 256> make_values() {
  std::array<std::uint8_t, 256> t{};
  t.fill(kStranger);
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t i = 0; i < 64; ++i) t[static_cast<unsigned char>(alphabet[i])] = static_cast<std::uint8_t>(i);
  t['='] = kPad;
  t[' '] = t['\t'] = t['\r'] = t['\n'] = kBlank;
  return t;
}
constexpr auto kValues = make_values();

// For each place in a group of four, a character's part of the 24 bits; the top bit marks what is no digit.
constexpr std::uint32_t kNoDigit = 0x8000'0000;
constexpr auto make_places() {
  std::array<std::array<std::uint32_t, 256>, 4> t{};
  for (std::uint32_t p = 0; p < 4; ++p)
    for (std::uint32_t c = 0; c < 256; ++c)
      t[p][c] = kValues[c] < 64 ? static_cast<std::uint32_t>(kValues[c]) << (18 - 6 * p) : kNoDigit;
  return t;
}
constexpr auto kPlaces = make_places();

constexpr int hex(char c) {
  if (is_digit(c)) return c - '0';
  const char l = lower(c);
  return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

// Octets that quoted-printable text must not hold as they are (RFC 2045 §6.7 rules 2 and 4).
bool must_escape(char c) { return is_8bit(c) || (is_ctl(c) && c != '\t' && c != '\r' && c != '\n'); }

}  // namespace

void Base64Decoder::feed(ByteView piece, Bytes& out) {
  // Written through a pointer, at most three bytes for four characters, then cut to size.
  const std::size_t start = out.size();
  out.resize(start + (piece.size() + static_cast<std::size_t>(count_)) / 4 * 3 + 3);
  char* o = out.data() + start;
  const auto* p = reinterpret_cast<const unsigned char*>(piece.data());
  const auto* end = p + piece.size();
  while (p < end) {
    if (count_ == 0 && !padded_) {
      while (end - p >= 4) {
        const std::uint32_t v = kPlaces[0][p[0]] | kPlaces[1][p[1]] | kPlaces[2][p[2]] | kPlaces[3][p[3]];
        if (v & kNoDigit) break;
        o[0] = static_cast<char>(v >> 16);
        o[1] = static_cast<char>(v >> 8);
        o[2] = static_cast<char>(v);
        o += 3;
        p += 4;
      }
      if (p == end) break;
    }
    const std::uint8_t v = kValues[*p++];
    if (v < 64) {
      if (padded_) {
        padded_ = false;
        continued_ = true;
      }
      bits_ = bits_ << 6 | v;
      if (++count_ == 4) {
        *o++ = static_cast<char>(bits_ >> 16);
        *o++ = static_cast<char>(bits_ >> 8);
        *o++ = static_cast<char>(bits_);
        count_ = 0;
      }
    } else if (v == kPad) {
      // The first '=' of a group ends it; the second says nothing new.
      if (count_ == 1) truncated_ = true;
      if (count_ >= 2) *o++ = static_cast<char>(bits_ >> (6 * count_ - 8));
      if (count_ == 3) *o++ = static_cast<char>(bits_ >> 2);
      count_ = 0;
      padded_ = true;
    } else if (v == kStranger) {
      ++strangers_;
    }
  }
  out.resize(static_cast<std::size_t>(o - out.data()));
}

void Base64Decoder::finish(Bytes& out) {
  if (count_ != 0) truncated_ = true;
  if (count_ >= 2) out += static_cast<char>(bits_ >> (6 * count_ - 8));
  if (count_ == 3) out += static_cast<char>(bits_ >> 2);
  count_ = 0;
}

void QuotedPrintableDecoder::give_up(Bytes& out) {
  out += '=';
  if (state_ == State::first_digit) out += digit_;
  ++strangers_;
  state_ = State::text;
}

void QuotedPrintableDecoder::feed(ByteView piece, Bytes& out) {
  std::size_t i = 0;
  while (i < piece.size()) {
    const char c = piece[i];
    switch (state_) {
      case State::text: {
        if (c == '=') {
          out += blanks_;
          blanks_.clear();
          state_ = State::equals;
          ++i;
        } else if (is_wsp(c)) {
          const std::size_t run = std::min(piece.find_first_not_of(" \t", i), piece.size());
          blanks_.append(piece.substr(i, run - i));
          i = run;
        } else if (c == '\r' || c == '\n') {
          blanks_.clear();  // RFC 2045 §6.7 rule 3
          out += c;
          ++i;
        } else {
          out += blanks_;
          blanks_.clear();
          // Up to the next octet that may be more than itself; a blank inside a line is only itself.
          std::size_t run = i;
          while (run < piece.size() && piece[run] != '=' && piece[run] != '\r' && piece[run] != '\n')
            strangers_ += must_escape(piece[run++]);
          std::size_t text = run;
          while (text > i && is_wsp(piece[text - 1])) --text;
          out.append(piece.substr(i, text - i));
          blanks_.assign(piece.substr(text, run - text));
          i = run;
        }
        break;
      }
      case State::equals:
        if (hex(c) >= 0) {
          digit_ = c;
          state_ = State::first_digit;
          ++i;
        } else if (c == '\n') {
          state_ = State::text;
          ++i;
        } else if (c == '\r') {
          state_ = State::soft_cr;
          ++i;
        } else if (is_wsp(c)) {
          state_ = State::soft_blanks;
        } else {
          give_up(out);
        }
        break;
      case State::first_digit:
        if (hex(c) >= 0) {
          out += static_cast<char>(hex(digit_) << 4 | hex(c));
          state_ = State::text;
          ++i;
        } else {
          give_up(out);
        }
        break;
      case State::soft_blanks:
        if (is_wsp(c)) {
          const std::size_t run = std::min(piece.find_first_not_of(" \t", i), piece.size());
          blanks_.append(piece.substr(i, run - i));
          i = run;
        } else if (c == '\r' || c == '\n') {
          blanks_.clear();
          state_ = c == '\r' ? State::soft_cr : State::text;
          ++i;
        } else {
          give_up(out);  // the blanks come out with what follows
        }
        break;
      case State::soft_cr:
        if (c == '\n') ++i;
        state_ = State::text;
        break;
    }
  }
}

void QuotedPrintableDecoder::finish(Bytes& out) {
  if (state_ == State::first_digit) give_up(out);
  state_ = State::text;  // a "=" that ends the text is a soft line break
  blanks_.clear();
}

Bytes mime_base64_decode(ByteView text) {
  Bytes out;
  Base64Decoder decoder;
  decoder.feed(text, out);
  decoder.finish(out);
  return out;
}

Bytes quoted_printable_decode(ByteView text) {
  Bytes out;
  out.reserve(text.size());
  QuotedPrintableDecoder decoder;
  decoder.feed(text, out);
  decoder.finish(out);
  return out;
}

std::string mime_base64_encode(ByteView bytes) {
  const std::string coded = base64_encode(bytes);
  std::string out;
  out.reserve(coded.size() + coded.size() / kLine * 2 + 2);
  for (std::size_t i = 0; i < coded.size(); i += kLine) {
    out.append(coded, i, kLine);
    out += "\r\n";
  }
  return out;
}

std::string quoted_printable_encode(ByteView text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size() + text.size() / 8);
  std::size_t column = 0;
  // Puts one character or escape on the line, after a soft break if it and the "=" of one would not fit any more.
  const auto put = [&](std::string_view token, bool last_on_line) {
    if (column + token.size() > (last_on_line ? kLine : kLine - 1)) {
      out += "=\r\n";
      column = 0;
    }
    out += token;
    column += token.size();
  };
  const auto line_ends_at = [&text](std::size_t i) {
    return i == text.size() || text[i] == '\n' || (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n');
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (line_ends_at(i)) {
      if (text[i] == '\r') ++i;
      out += "\r\n";
      column = 0;
      continue;
    }
    const char c = text[i];
    const bool last = line_ends_at(i + 1);
    const bool at_start = column == 0;
    const bool escape = c == '=' || is_8bit(c) || (is_ctl(c) && c != '\t') || (is_wsp(c) && last) ||
                        (at_start && c == '.' && last) || (at_start && text.substr(i).starts_with("From "));
    if (escape) {
      const auto v = static_cast<unsigned char>(c);
      const char token[] = {'=', kHex[v >> 4], kHex[v & 15]};
      put({token, 3}, last);
    } else {
      put({&c, 1}, last);
    }
  }
  return out;
}

}  // namespace chappe::codec
