#include "proto/pop3/server.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "codec/base64.h"

namespace chappe::proto::pop3 {
namespace {

std::string for_log(ByteView line) {
  for (const ByteView secret : {"PASS", "AUTH"})
    if (istarts_with(line, secret)) return std::string(secret) + " ...";
  return printable(line);
}

}  // namespace

ServerMachine::ServerMachine(std::shared_ptr<const ServerOptions> options, bool tls)
    : options_(std::move(options)), session_{.options = *options_, .tls = tls}, lines_(options_->line_flood) {}

void ServerMachine::greet() { say("+OK " + options_->hostname + " POP3 " + options_->implementation); }

void ServerMachine::feed(Chunk octets) {
  if (mode_ != Mode::tls && mode_ != Mode::closed) lines_.feed(std::move(octets));
}

Event ServerMachine::next() {
  for (;;) {
    if (waiting_) return *std::exchange(waiting_, std::nullopt);
    if (mode_ == Mode::closed) return close_;
    if (question_ != Question::none) return NeedAnswer{};
    if (text_.size() + out_.size() > options_->output) return NeedFlush{};
    std::optional<Event> event;
    const bool dry = !lines_.has_input();
    switch (mode_) {
      case Mode::commands:
        event = step_command();
        break;
      case Mode::auth:
        event = step_auth();
        break;
      case Mode::listing:
        step_listing();
        continue;
      case Mode::tls:
        if (!lost_) return NeedTls{};
        break;
      case Mode::closed:
        break;
    }
    if (event) return std::move(*event);
    if (mode_ == Mode::closed || mode_ == Mode::listing || !dry) continue;
    if (!lost_) return NeedInput{};
    close_now(CloseReason::lost);
  }
}

std::optional<Event> ServerMachine::step_command() {
  ByteView line;
  switch (lines_.next(line, {options_->command_line, "AUTH", options_->auth_line})) {
    case codec::LineReader::Got::nothing:
      return std::nullopt;
    case codec::LineReader::Got::line:
      return dispatch(line);
    case codec::LineReader::Got::bare_lf:
      return refuse("A line must end in <CRLF>", line);
    case codec::LineReader::Got::too_long:
      return refuse("Line too long", line);
    case codec::LineReader::Got::endless:
      break;
  }
  close(CloseReason::refused, "No end of line in sight");
  return std::nullopt;
}

std::optional<Event> ServerMachine::dispatch(ByteView line) {
  const ByteView verb = line.substr(0, line.find(' '));
  ByteView argument = line.substr(std::min(verb.size() + 1, line.size()));
  const CommandRow* row = find_command(verb);
  if (row == nullptr) return refuse("Unknown command", line);
  if (line.contains('\0') || line.contains('\r')) return refuse("A control character has no place in a command", line);
  const bool raw = (row->flags & kRawArgument) != 0;
  if (!raw) argument = trim(argument, " \t");
  // RFC 6856 §2.2: UTF-8 in names and passwords, where it is offered.
  if (std::ranges::any_of(argument, is_8bit) && !(raw && options_->utf8))
    return refuse("Octets beyond ASCII have no place in this command", line);
  if ((row->flags & (session_.transaction ? kAfter : kBefore)) == 0)
    return refuse(session_.transaction ? "Already logged in" : "Log in first", line);
  Checked checked = row->check(session_, argument);
  if (row->check != check_user && row->check != check_capa) session_.user.clear();
  if (!checked) return refuse(checked.error(), line);

  struct Apply {
    ServerMachine& m;
    std::optional<Event> ask(Question q, Event e) {
      m.question_ = q;
      return e;
    }
    std::optional<Event> operator()(StartTls& c) { return ask(Question::starttls, c); }
    std::optional<Event> operator()(Login& c) { return ask(Question::login, std::move(c)); }
    std::optional<Event> operator()(AuthBegin& c) { return ask(Question::login, std::move(c)); }
    std::optional<Event> operator()(Retrieve& c) {
      m.wanted_ = c;
      return ask(Question::retrieve, c);
    }
    std::optional<Event> operator()(User& c) {
      m.session_.user = std::move(c.name);
      m.say("+OK Now the password");
      return std::nullopt;
    }
    std::optional<Event> operator()(Capa&) {
      m.say_capabilities();
      return std::nullopt;
    }
    std::optional<Event> operator()(Stat&) {
      std::uint64_t n = 0, size = 0;
      for (const Item& item : m.session_.items) {
        if (item.deleted) continue;
        ++n;
        size += item.size;
      }
      m.say("+OK " + std::to_string(n) + " " + std::to_string(size));
      return std::nullopt;
    }
    std::optional<Event> operator()(List& c) {
      if (c.number) {
        const Item& item = m.session_.items[*c.number];
        m.say("+OK " + std::to_string(*c.number + 1) + " " + (c.uids ? item.uid : std::to_string(item.size)));
        return std::nullopt;
      }
      m.say("+OK");
      m.mode_ = Mode::listing;
      m.listing_uids_ = c.uids;
      m.listing_at_ = 0;
      return std::nullopt;
    }
    std::optional<Event> operator()(Dele& c) {
      m.session_.items[c.number].deleted = true;
      m.say("+OK Marked");
      return std::nullopt;
    }
    std::optional<Event> operator()(Rset&) {
      for (Item& item : m.session_.items) item.deleted = false;
      m.say("+OK Nothing is marked");
      return std::nullopt;
    }
    std::optional<Event> operator()(Noop&) {
      m.say("+OK");
      return std::nullopt;
    }
    std::optional<Event> operator()(Utf8&) {
      m.session_.utf8 = true;
      m.say("+OK UTF-8 from now on");
      return std::nullopt;
    }
    std::optional<Event> operator()(Quit&) {
      if (m.session_.transaction) return ask(Question::update, Update{});
      m.say("+OK Goodbye");
      m.close_now(CloseReason::quit);
      return std::nullopt;
    }
  };
  return std::visit(Apply{*this}, *checked);
}

std::optional<Event> ServerMachine::step_auth() {
  ByteView line;
  const auto got = lines_.next(line, {options_->auth_line});
  if (got == codec::LineReader::Got::nothing) return std::nullopt;
  mode_ = Mode::commands;
  std::optional<Bytes> octets;
  if (got == codec::LineReader::Got::line && line != "*") octets = codec::base64_decode(line);
  if (octets) {
    question_ = Question::login;
    return AuthResponse{std::move(*octets)};
  }
  waiting_ = refuse(line == "*" ? "Authentication cancelled" : "The response is not base64", "");  // RFC 5034 §4
  return AuthCancel{};
}

void ServerMachine::step_listing() {
  const auto& items = session_.items;
  while (listing_at_ < items.size() && text_.size() + out_.size() <= options_->output) {
    const Item& item = items[listing_at_++];
    if (!item.deleted) say(std::to_string(listing_at_) + " " + (listing_uids_ ? item.uid : std::to_string(item.size)));
  }
  if (listing_at_ < items.size()) return;
  say(".");
  mode_ = Mode::commands;
}

// ---- answers

void ServerMachine::accept() {
  const Question q = std::exchange(question_, Question::none);
  if (q == Question::update) {
    say("+OK Goodbye");
    close_now(CloseReason::quit);
  } else if (q == Question::starttls) {
    say("+OK Begin TLS");
    // RFC 2595 §4: nothing learned or received in clear counts any more.
    lines_.clear();
    session_.user.clear();
    session_.utf8 = false;
    mode_ = Mode::tls;
  } else {
    close(CloseReason::refused, "[SYS/TEMP] Internal error");
  }
}

void ServerMachine::log_in(std::vector<Item> maildrop) {
  if (std::exchange(question_, Question::none) != Question::login)
    return close(CloseReason::refused, "[SYS/TEMP] Internal error");
  session_.transaction = true;
  session_.items = std::move(maildrop);
  say("+OK " + std::to_string(session_.items.size()) + " letters");
}

void ServerMachine::reject(std::string_view text, std::string_view code) {
  const Question q = std::exchange(question_, Question::none);
  const std::string bracketed = code.empty() ? "" : "[" + std::string(code) + "] ";
  say("-ERR " + bracketed + printable(text, 400));
  if (q == Question::update) return close_now(CloseReason::quit);
  if (q == Question::login && ++auth_failures_ >= options_->auth_failures) close_now(CloseReason::refused);
}

void ServerMachine::challenge(ByteView octets) {
  if (std::exchange(question_, Question::none) != Question::login)
    return close(CloseReason::refused, "[SYS/TEMP] Internal error");
  say("+ " + codec::base64_encode(octets));  // RFC 5034 §4
  mode_ = Mode::auth;
}

void ServerMachine::send_begin() {
  if (question_ != Question::retrieve) return close(CloseReason::refused, "[SYS/TEMP] Internal error");
  say(wanted_.body_lines ? std::string("+OK")
                         : "+OK " + std::to_string(session_.items[wanted_.number].size) + " octets");
  writer_.emplace(codec::LetterWriter::Mode::dotted);
  sending_ = in_header_ = line_empty_ = true;
  top_done_ = false;
  body_lines_ = 0;
}

void ServerMachine::letter(const Chunk& piece) {
  if (!wants_letter()) return;
  flush_text();
  if (!wanted_.body_lines) return writer_->write(piece, out_);
  // TOP: the header, the empty line, and so many lines (RFC 1939 §7).
  const ByteView s = piece.view();
  std::size_t at = 0;
  while (at < s.size() && !top_done_) {
    const std::size_t lf = std::min(s.find('\n', at), s.size());
    const ByteView part = s.substr(at, lf - at);
    line_empty_ &= part.empty() || part == "\r";
    at = std::min(lf + 1, s.size());
    if (lf == s.size()) break;
    if (in_header_) {
      in_header_ = !line_empty_;
      top_done_ = line_empty_ && *wanted_.body_lines == 0;
    } else {
      top_done_ = ++body_lines_ >= *wanted_.body_lines;
    }
    line_empty_ = true;
  }
  writer_->write(piece.slice(0, at), out_);
}

void ServerMachine::letter_end() {
  if (!std::exchange(sending_, false)) return close(CloseReason::refused, "[SYS/TEMP] Internal error");
  flush_text();
  writer_->finish(out_);
  question_ = Question::none;
}

void ServerMachine::tls_started() {
  if (mode_ != Mode::tls) return close(CloseReason::refused, "[SYS/TEMP] Internal error");
  session_.tls = true;
  mode_ = Mode::commands;
}

std::vector<std::size_t> ServerMachine::deleted() const {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < session_.items.size(); ++i)
    if (session_.items[i].deleted) out.push_back(i);
  return out;
}

// ---- output

void ServerMachine::say(ByteView line) {
  text_ += line;
  text_ += "\r\n";
}

void ServerMachine::flush_text() {
  if (!text_.empty()) out_.append_copy(std::exchange(text_, Bytes()));
}

ChunkList ServerMachine::take_output() {
  flush_text();
  return std::exchange(out_, ChunkList());
}

// RFC 2449 §5 and §6; the others by the RFCs beside them.
void ServerMachine::say_capabilities() {
  const ServerOptions& o = *options_;
  say("+OK");
  if (!session_.transaction) {
    if (o.tls_available && !session_.tls) say("STLS");  // RFC 2595 §4
    if (session_.login_allowed()) {
      if (o.user_pass) say("USER");
      std::string sasl;
      for (const std::string& m : o.auth_mechanisms) sasl += " " + m;
      if (!sasl.empty()) say("SASL" + sasl);  // RFC 5034 §3
    }
  }
  say("TOP\r\nUIDL\r\nRESP-CODES\r\nAUTH-RESP-CODE\r\nPIPELINING\r\nEXPIRE NEVER");  // RFC 3206 §6
  if (o.utf8) say("UTF8 USER");                                                      // RFC 6856 §2
  say("IMPLEMENTATION " + o.implementation);
  say(".");
}

Event ServerMachine::refuse(std::string_view text, ByteView line) {
  Refused event{for_log(line)};  // before a close lets go of the input that `line` looks into
  say("-ERR " + std::string(text));
  if (++errors_ > options_->errors) close(CloseReason::refused, "Too many errors");
  return event;
}

void ServerMachine::close(CloseReason reason, std::string_view text) {
  if (mode_ == Mode::closed) return;
  // In the middle of a letter a reply would be taken for a part of it.
  if (!sending_) say("-ERR " + std::string(text));
  close_now(reason);
}

void ServerMachine::close_now(CloseReason reason) {
  mode_ = Mode::closed;
  question_ = Question::none;
  sending_ = false;
  close_ = Close{reason};
  lines_.clear();
}

}  // namespace chappe::proto::pop3
