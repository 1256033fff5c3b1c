#include "proto/imap/receiver.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "codec/base64.h"
#include "proto/imap/commands/parsers.h"
#include "proto/imap/literal.h"
#include "proto/imap/write.h"

namespace chappe::proto::imap {

void Receiver::feed(Chunk octets) {
  if (mode_ != Mode::closed && !octets.empty()) input_.push_back(std::move(octets));
}

std::optional<Event> Receiver::next(Bytes& out) {
  for (;;) {
    switch (mode_) {
      case Mode::closed:
      case Mode::append_asked:
        return std::nullopt;
      case Mode::append_data:
        if (literal_left_ == 0) {
          mode_ = Mode::append_tail;
          continue;
        }
        if (input_.empty()) return std::nullopt;
        return AppendPiece{take(literal_left_)};
      case Mode::literal:
      case Mode::discard: {
        if (literal_left_ > 0 && input_.empty()) return std::nullopt;
        if (literal_left_ > 0) {
          const Chunk octets = take(literal_left_);
          if (mode_ == Mode::literal) command_ += octets.view();
          continue;
        }
        mode_ = Mode::command;
        line_start_ = command_.size();
        continue;
      }
      case Mode::command:
      case Mode::append_tail:
      case Mode::sasl:
      case Mode::idle:
        if (input_.empty()) return std::nullopt;
        if (auto event = line(out)) return event;
    }
  }
}

// Octets from the front of the input, at most `most`, counted against the literal.
Chunk Receiver::take(std::uint64_t most) {
  Chunk& front = input_.front();
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(front.size(), most));
  literal_left_ -= size;
  Chunk taken = front.slice(0, size);
  drop(size);
  return taken;
}

void Receiver::drop(std::size_t size) {
  Chunk& front = input_.front();
  if (size == front.size())
    input_.pop_front();
  else
    front = front.slice(size, front.size() - size);
}

std::size_t Receiver::line_limit() const {
  if (mode_ == Mode::sasl) return limits_.sasl_line;
  return before_login() ? limits_.line_before_login : limits_.line;
}

// Takes from the front chunk what belongs to the line, and handles the line when it is whole. Each octet is looked at
// once, however small the chunks are.
std::optional<Event> Receiver::line(Bytes& out) {
  const ByteView octets = input_.front().view();
  const std::size_t lf = octets.find('\n');
  const std::size_t size = std::min(lf, octets.size());
  const std::size_t length = command_.size() - line_start_ + size;
  if (length > line_limit() + 1) return bye("[TOOBIG] the line is too long", out);  // one more for the CR
  if (command_.size() + size > limits_.command) return bye("[TOOBIG] the command is too long", out);
  command_ += octets.substr(0, size);
  if (lf == ByteView::npos) {
    drop(size);
    return std::nullopt;
  }
  drop(size + 1);
  // Lines end in CRLF; a bare LF is taken for one too, as people type it into a terminal. Nothing can hide behind it: a
  // line is a command here, never part of a letter.
  if (command_.size() > line_start_ && command_.back() == '\r') command_.pop_back();
  switch (mode_) {
    case Mode::sasl:
      return sasl_line();
    case Mode::idle: {
      const bool done = iequals(command_, "DONE");  // RFC 9051 §6.3.13
      reset();
      return IdleEnd{done};
    }
    case Mode::append_tail:
      return append_tail(out);
    default:
      return command_line(out);
  }
}

std::optional<Event> Receiver::sasl_line() {
  const Bytes text = std::exchange(command_, {});
  reset();
  // RFC 9051 §6.2.2: "*" cancels; what is no base64 ends the exchange too.
  auto octets = text == "*" ? std::nullopt : codec::base64_decode(text);
  if (!octets) return SaslResponse{.octets = {}, .cancelled = true};
  return SaslResponse{.octets = std::move(*octets)};
}

std::optional<Event> Receiver::command_line(Bytes& out) {
  const auto literal = announced_literal(ByteView(command_).substr(line_start_));
  if (!refusal_.empty()) {
    if (literal) return refuse_literal(*literal, std::exchange(refusal_, {}), out);
    out += refusal_;
    reset();
    return std::nullopt;
  }
  if (literal) return announced(*literal, out);

  Cursor cursor(command_, limits_, facts_.utf8);
  CommandHead head;
  auto command = parse_command(cursor, facts_, head);
  // Nobody knows what an empty line means, and some clients send one behind a literal.
  const bool empty = command_.empty();
  reset();
  if (empty) return count_bad(out);
  if (!command) return bad(head.tag, command.error(), out);
  bad_in_a_row_ = 0;
  return std::move(*command);
}

// A line ended in {n}: decides whether its octets may come.
std::optional<Event> Receiver::announced(const LiteralMark& literal, Bytes& out) {
  const ByteView before = ByteView(command_).substr(0, line_start_ + literal.start);
  Cursor cursor(before, limits_, facts_.utf8);
  CommandHead head;
  auto allowed = parse_head(cursor, head);
  if (allowed) allowed = check_state(*head.row, facts_.state);
  if (allowed && ++literals_ > limits_.literals)
    allowed = fail(Errc::too_large, "more than {} literals in a command", limits_.literals);
  if (allowed && head.row->parse == parse_append && cursor.rest() != " ") return letter(literal, head, cursor, out);
  // RFC 9051 §9: literal8 is for letters and binary parts only.
  if (allowed && literal.literal8) allowed = fail(Errc::invalid, "a binary literal has no place here");
  const std::size_t limit = before_login() ? limits_.literal_before_login : limits_.literal;
  if (allowed && (literal.size > limit || command_.size() + literal.size > limits_.command))
    return refuse_literal(literal, fmt::format("{} NO [TOOBIG] the literal is too large\r\n", head.tag), out);
  if (!allowed) {
    if (auto event = refuse_literal(literal, answer(head.tag, allowed.error()), out)) return event;
    return count_bad(out);
  }
  if (literal.synchronizing) out += "+ OK\r\n";
  command_ += "\r\n";
  literal_left_ = literal.size;
  mode_ = Mode::literal;
  return std::nullopt;
}

// The literal is the letter of an APPEND.
std::optional<Event> Receiver::letter(const LiteralMark& literal, CommandHead& head, Cursor& cursor, Bytes& out) {
  auto args = parse_append(cursor, false);
  if (args)
    if (auto end = cursor.end(); !end) args = std::unexpected(end.error());
  if (args && std::get<Append>(*args).utf8 && !literal.literal8)
    args = fail(Errc::invalid, "UTF8 takes a binary literal");  // RFC 6855 §4
  if (!args) {
    if (auto event = refuse_literal(literal, answer(head.tag, args.error()), out)) return event;
    return count_bad(out);
  }
  if (literal.size > limits_.append)
    // RFC 7889 §4
    return refuse_literal(
        literal, fmt::format("{} NO [TOOBIG] a letter has at most {} octets\r\n", head.tag, limits_.append), out);
  Append& append = std::get<Append>(*args);
  append.size = literal.size;
  append.synchronizing = literal.synchronizing;
  append.literal8 = literal.literal8;
  append_tag_ = head.tag;
  append_utf8_ = append.utf8;
  append_synchronizing_ = literal.synchronizing;
  literal_left_ = literal.size;
  command_.clear();
  line_start_ = 0;
  bad_in_a_row_ = 0;
  mode_ = Mode::append_asked;
  return Command{std::move(head.tag), head.row->name, false, std::move(*args)};
}

void Receiver::accept_append(Bytes& out) {
  if (append_synchronizing_) out += "+ OK\r\n";
  mode_ = Mode::append_data;
}

void Receiver::refuse_append(Bytes answer, Bytes& out) {
  if (append_synchronizing_) {
    out += answer;
    reset();
    return;
  }
  // The octets come whatever we say; no more than an accepted letter would have brought.
  refusal_ = std::move(answer);
  mode_ = Mode::discard;
}

std::optional<Event> Receiver::append_tail(Bytes& out) {
  const ByteView wanted = append_utf8_ ? ")" : "";
  if (command_ == wanted) {
    reset();
    return AppendEnd{};
  }
  const Bytes text = answer(append_tag_, Error(Errc::invalid, "an APPEND ends behind its letter"));
  const auto literal = announced_literal(command_);
  if (literal) {
    if (auto event = refuse_literal(*literal, text, out)) return event;
  } else {
    out += text;
    reset();
  }
  if (auto event = count_bad(out)) return event;
  return AppendAborted{};
}

// Gives `answer` without taking the literal: a client that waits reads it and stops; of one that does not wait, the
// octets and the rest of the command are dropped first, within bounds (RFC 7888 §4).
std::optional<Event> Receiver::refuse_literal(const LiteralMark& literal, Bytes answer, Bytes& out) {
  if (literal.synchronizing) {
    out += answer;
    reset();
    return std::nullopt;
  }
  const std::uint64_t limit = before_login() ? limits_.literal_before_login : limits_.discard;
  if (literal.size > limit - std::min(limit, discarded_)) return bye("[TOOBIG] the literal is too large", out);
  discarded_ += literal.size;
  literal_left_ = literal.size;
  refusal_ = std::move(answer);
  command_.clear();
  line_start_ = 0;
  mode_ = Mode::discard;
  return std::nullopt;
}

void Receiver::challenge(ByteView octets, Bytes& out) {
  out += "+ ";
  out += codec::base64_encode(octets);
  out += "\r\n";
  mode_ = Mode::sasl;
}

void Receiver::start_idle(Bytes& out) {
  out += "+ idling\r\n";
  mode_ = Mode::idle;
}

void Receiver::start_tls() {
  input_.clear();
  reset();
}

// RFC 9051 §7.1.5
std::optional<Event> Receiver::bye(ByteView text, Bytes& out) {
  out += fmt::format("* BYE {}\r\n", text);
  reset();
  input_.clear();
  mode_ = Mode::closed;
  return Closed{};
}

Bytes Receiver::answer(ByteView tag, const Error& error) const {
  const ByteView who = tag.empty() ? "*" : tag;
  Bytes out;
  switch (error.code()) {
    case Errc::too_large:
      write_status(out, who, "NO", "LIMIT", error.text());  // RFC 5530 §3
      break;
    case Errc::denied:
      write_status(out, who, "NO", "PRIVACYREQUIRED", error.text());
      break;
    default:
      write_status(out, who, "BAD", {}, error.text());
  }
  return out;
}

std::optional<Event> Receiver::bad(ByteView tag, const Error& error, Bytes& out) {
  out += answer(tag, error);
  if (error.code() == Errc::denied) return std::nullopt;
  return count_bad(out);
}

std::optional<Event> Receiver::count_bad(Bytes& out) {
  if (++bad_in_a_row_ <= (before_login() ? limits_.bad_before_login : limits_.bad)) return std::nullopt;
  return bye("too many commands that cannot be understood", out);
}

void Receiver::reset() {
  // A long command's memory is not kept by an idle connection.
  if (command_.capacity() > 4096) Bytes().swap(command_);
  command_.clear();
  line_start_ = 0;
  literal_left_ = 0;
  discarded_ = 0;
  literals_ = 0;
  refusal_.clear();
  append_tag_.clear();
  mode_ = Mode::command;
}

}  // namespace chappe::proto::imap
