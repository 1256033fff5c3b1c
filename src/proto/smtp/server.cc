#include "proto/smtp/server.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/text.h"
#include "codec/base64.h"

namespace chappe::proto::smtp {
namespace {

// For logs: what AUTH carries is a secret.
std::string for_log(ByteView line) {
  if (istarts_with(line, "AUTH ")) {
    const std::size_t end = line.find(' ', 5);
    if (end != ByteView::npos) return printable(line.substr(0, end)) + " ...";
  }
  return printable(line);
}

}  // namespace

ServerMachine::ServerMachine(std::shared_ptr<const ServerOptions> options, bool tls)
    : options_(std::move(options)), session_{.options = *options_} {
  session_.tls = tls;
}

void ServerMachine::greet() {
  // RFC 5321 §4.3.1: the client waits for the greeting.
  if (options_->refuse_early_commands && input_behind()) return close(Rule::command_too_early);
  const char* protocol = options_->role == Role::lmtp ? " LMTP " : " ESMTP ";
  append_reply(out_, 220, "", options_->hostname + protocol + options_->banner);
}

void ServerMachine::greet(const Reply& refusal) {
  say(refusal);
  if (refusal.code == 421) return close_now(CloseReason::refused, std::nullopt);
  turned_away_ = true;
}

// ---- input

void ServerMachine::feed(Chunk octets) {
  if (octets.empty() || mode_ == Mode::tls || mode_ == Mode::closed) return;
  if (!has_input()) {
    input_ = std::move(octets);
    at_ = 0;
  } else {
    more_.insert(more_.begin(), std::move(octets));
  }
}

void ServerMachine::feed_end() { lost_ = true; }

bool ServerMachine::next_input() {
  if (has_input()) return true;
  input_ = Chunk();
  at_ = 0;
  if (more_.empty()) return false;
  input_ = std::move(more_.back());
  more_.pop_back();
  return true;
}

std::size_t ServerMachine::held() const {
  std::size_t n = line_.size() + line_done_.size() + out_.size() + input_.size() - at_;
  for (const Chunk& c : more_) n += c.size();
  return n;
}

std::size_t ServerMachine::line_limit(ByteView begun, ByteView more) const {
  constexpr ByteView kAuth = "AUTH ";
  const std::size_t n = std::min(begun.size(), kAuth.size());
  const bool auth =
      mode_ == Mode::auth || (istarts_with(kAuth, begun.substr(0, n)) && istarts_with(more, kAuth.substr(n)));
  return auth ? options_->limits.auth_line : options_->limits.command_line;
}

// Only <CRLF> ends a line (RFC 5321 §2.3.8). A bare <LF> gets its refusal at once, for the sake of people at a
// keyboard, but the line goes on to the next <CRLF>: what stands behind the <LF> must never become a command of its
// own.
ServerMachine::Line ServerMachine::read_line(ByteView& line) {
  while (next_input()) {
    const ByteView rest = input_.view().substr(at_);
    const std::size_t nl = rest.find('\n');
    const std::size_t part = std::min(nl, rest.size());
    const std::size_t limit = line_limit(line_, rest);
    if (line_.size() + part >= limit) {
      const std::size_t take = limit - line_.size();
      line_ += rest.substr(0, take);
      at_ += take;
      flood_after_cr_ = line_.back() == '\r';
      line = line_;
      return Line::refused;
    }
    if (nl == ByteView::npos) {
      line_ += rest;
      at_ = input_.size();
      continue;
    }
    at_ += nl + 1;
    if (line_.empty()) {
      line = rest.substr(0, nl);
    } else {
      line_ += rest.substr(0, nl);
      line_done_ = std::exchange(line_, Bytes());
      line = line_done_;
    }
    if (!line.ends_with('\r')) {
      flood_after_cr_ = false;
      line_ = line;
      line = line_;
      return Line::refused;
    }
    line.remove_suffix(1);
    return Line::complete;
  }
  return Line::none;
}

// Throws away the rest of a line that was refused before its end.
void ServerMachine::skip_flood() {
  while (next_input()) {
    const ByteView rest = input_.view().substr(at_);
    const std::size_t room = options_->limits.line_flood - flooded_;
    const ByteView look = rest.substr(0, room);
    std::size_t i = 0;
    for (; i < look.size(); ++i) {
      if (look[i] == '\n' && flood_after_cr_) {
        at_ += i + 1;
        mode_ = Mode::commands;
        return;
      }
      flood_after_cr_ = look[i] == '\r';
    }
    at_ += i;
    flooded_ += i;
    if (flooded_ >= options_->limits.line_flood) return close(Rule::line_endless);
  }
}

// ---- events

Event ServerMachine::next() {
  for (;;) {
    if (waiting_) return *std::exchange(waiting_, std::nullopt);
    if (mode_ == Mode::closed) return close_;
    if (question_ != Question::none) return NeedAnswer{};
    if (out_.size() > options_->limits.output) return NeedFlush{};
    if (mode_ == Mode::tls) {
      if (!lost_) return NeedTls{};
      close_now(CloseReason::lost, std::nullopt);
      continue;
    }
    const bool dry = !has_input() && more_.empty() && (!scanner_ || scanner_->wants_input());
    std::optional<Event> event;
    switch (mode_) {
      case Mode::commands:
        event = step_command();
        break;
      case Mode::line_flood:
        skip_flood();
        break;
      case Mode::auth:
        event = step_auth();
        break;
      case Mode::data:
      case Mode::chunk:
        event = step_letter();
        break;
      default:
        break;
    }
    if (event) return std::move(*event);
    if (mode_ == Mode::closed) continue;
    if (!dry) continue;
    if (!lost_) return NeedInput{};
    const bool open = std::exchange(letter_open_, false);
    close_now(CloseReason::lost, std::nullopt);
    if (open) return Reset{};
  }
}

std::optional<Event> ServerMachine::step_command() {
  ByteView line;
  switch (read_line(line)) {
    case Line::none:
      return std::nullopt;
    case Line::complete:
      return dispatch(line);
    case Line::refused:
      break;
  }
  const bool too_long = line.size() >= line_limit(line, {});
  // Which octets are a chunk's and which a command's cannot be known any more.
  const bool lost_step = istarts_with(line, "BDAT");
  Event event = refuse(too_long ? Rule::line_too_long : Rule::line_bare_lf, line);
  line_.clear();
  flooded_ = 0;
  if (lost_step && mode_ != Mode::closed) close(Rule::out_of_step);
  if (mode_ != Mode::closed) mode_ = Mode::line_flood;
  return event;
}

// What holds for every command of a row, before its own check.
std::optional<Rule> ServerMachine::forbidden(const CommandRow& row, ByteView argument) const {
  const ServerOptions& o = *options_;
  const bool lmtp = o.role == Role::lmtp;
  if ((row.flags & kSmtpOnly) != 0 && lmtp) return Rule::hello_lmtp;  // RFC 2033 §4.1
  if ((row.flags & kLmtpOnly) != 0 && !lmtp) return Rule::hello_not_lmtp;
  if ((row.flags & kUtf8) == 0 && std::ranges::any_of(argument, is_8bit)) return Rule::line_8bit;
  if ((row.flags & kNoArgument) != 0 && !argument.empty()) return Rule::argument_unwanted;     // RFC 5321 §4.1.1.4 …
  if ((row.flags & kInClear) == 0 && o.tls_required && !session_.tls) return Rule::tls_first;  // RFC 3207 §4
  if ((row.flags & kNeedsHello) != 0 && !session_.hello) return Rule::hello_first;             // RFC 5321 §4.1.4
  if ((row.flags & kNeedsAuth) != 0 && o.auth_required && !session_.authenticated) return Rule::auth_first;
  return std::nullopt;
}

std::optional<Event> ServerMachine::dispatch(ByteView line) {
  if (line.contains('\0') || line.contains('\r')) {
    const bool lost_step = istarts_with(line, "BDAT");
    Event event = refuse(line.contains('\0') ? Rule::line_nul : Rule::line_bare_cr, line);
    if (lost_step && mode_ != Mode::closed) close(Rule::out_of_step);
    return event;
  }
  const ByteView verb = line.substr(0, line.find(' '));
  // RFC 5321 §4.1.1: blanks at the end are tolerated.
  const ByteView argument = trim(line.substr(verb.size()), " \t");
  const CommandRow* row = find_command(trim(verb, "\t"));
  if (row == nullptr) {
    if (!alien_verb(verb)) return refuse(Rule::command_unknown, line);
    return shut_out(Rule::command_alien, line);
  }
  if (turned_away_ && row->check != check_quit) return refuse(Rule::turned_away, line);
  if ((row->flags & kWaits) != 0 && options_->refuse_early_commands && input_behind())
    return shut_out(Rule::command_too_early, line);
  if ((row->flags & kIdle) != 0 && ++idle_ > options_->limits.idle_commands) return shut_out(Rule::too_many_idle, line);
  Checked checked = std::unexpected(Rule::driver_fault);
  if (const auto rule = forbidden(*row, argument)) {
    checked = std::unexpected(*rule);
  } else {
    checked = row->check(session_, argument);
  }
  if (!checked) {
    if (row->check == check_rcpt && session_.in_mail) ++session_.offered;
    Event event = refuse(checked.error(), line);
    if ((row->flags & kClosesOnSyntax) != 0 && mode_ != Mode::closed) close(Rule::out_of_step);
    return event;
  }

  struct Apply {
    ServerMachine& m;
    std::optional<Event> ask(Question q, Event e) {
      m.question_ = q;
      return e;
    }
    std::optional<Event> operator()(Hello& c) {
      m.hello_extended_ = c.extended;
      return ask(Question::hello, std::move(c));
    }
    std::optional<Event> operator()(StartTls& c) { return ask(Question::starttls, c); }
    std::optional<Event> operator()(AuthBegin& c) { return ask(Question::auth, std::move(c)); }
    std::optional<Event> operator()(Mail& c) {
      m.session_.body = c.body;
      m.session_.smtputf8 = c.smtputf8;
      return ask(Question::mail, std::move(c));
    }
    std::optional<Event> operator()(Rcpt& c) {
      ++m.session_.offered;
      return ask(Question::rcpt, std::move(c));
    }
    std::optional<Event> operator()(DataBegin& c) { return ask(Question::data, c); }
    std::optional<Event> operator()(BdatChunk& c) { return m.begin_chunk(c); }
    std::optional<Event> operator()(Vrfy& c) { return ask(Question::vrfy, std::move(c)); }
    std::optional<Event> operator()(Reset& c) {
      m.say(Rule::reset_ok);
      m.session_.end_transaction();
      m.scanner_.reset();
      m.letter_open_ = false;
      return c;
    }
    std::optional<Event> operator()(Quit&) {
      m.say(Rule::goodbye);
      const bool open = std::exchange(m.letter_open_, false);
      m.close_now(CloseReason::quit, std::nullopt);
      return open ? std::optional<Event>(Reset{}) : std::nullopt;
    }
    std::optional<Event> operator()(Help& c) {
      m.say(Rule::help);
      return c;
    }
    std::optional<Event> operator()(Noop& c) {
      m.say(Rule::noop_ok);
      return c;
    }
  };
  return std::visit(Apply{*this}, *checked);
}

std::optional<Event> ServerMachine::step_auth() {
  ByteView line;
  const Line got = read_line(line);
  if (got == Line::none) return std::nullopt;
  mode_ = Mode::commands;
  if (got == Line::refused) {
    const bool too_long = line.size() >= options_->limits.auth_line;
    waiting_ = refuse(too_long ? Rule::auth_line_too_long : Rule::line_bare_lf, "");
    line_.clear();
    flooded_ = 0;
    if (mode_ != Mode::closed) mode_ = Mode::line_flood;
    return AuthCancel{};
  }
  std::optional<Bytes> octets;
  if (line != "*") octets = codec::base64_decode(line);  // an empty line is an empty response
  if (octets) {
    question_ = Question::auth;
    return AuthResponse{std::move(*octets)};
  }
  waiting_ = refuse(line == "*" ? Rule::auth_cancelled : Rule::auth_base64, "");  // RFC 4954 §4: 501
  return AuthCancel{};
}

// ---- the letter

std::optional<Event> ServerMachine::begin_chunk(const BdatChunk& chunk) {
  chunk_left_ = chunk_size_ = chunk.size;
  chunk_last_ = chunk.last;
  chunk_refusal_ = chunk.refusal;
  const std::uint64_t before = scanner_ && session_.chunked ? scanner_->facts().size : 0;
  if (!chunk_refusal_ && (chunk.size > options_->limits.letter || before > options_->limits.letter - chunk.size))
    chunk_refusal_ = Rule::letter_too_large;
  if (chunk_refusal_ &&
      (chunk.size > options_->limits.refused_data || thrown_ > options_->limits.refused_data - chunk.size)) {
    const bool open = std::exchange(letter_open_, false);
    Event event = refuse(Rule::chunk_too_large, "BDAT");
    if (mode_ != Mode::closed) close(Rule::too_much_refused_data);
    if (open) waiting_ = Reset{};
    return event;
  }
  mode_ = Mode::chunk;
  if (chunk_refusal_) return std::nullopt;
  if (session_.chunked) return std::nullopt;
  session_.chunked = true;
  question_ = Question::chunk;
  return DataBegin{.chunked = true};
}

std::optional<Event> ServerMachine::data_broken() {
  if (broken_told_ || !scanner_->broken()) return std::nullopt;
  broken_told_ = true;
  letter_open_ = false;
  return DataRefused{*scanner_->broken()};
}

std::optional<Event> ServerMachine::step_letter() {
  const bool chunk = mode_ == Mode::chunk;
  if (chunk && (chunk_refusal_ || letter_refusal_)) {  // read past it
    while (chunk_left_ > 0 && next_input()) {
      const std::size_t n = std::min<std::uint64_t>(chunk_left_, input_.size() - at_);
      at_ += n;
      chunk_left_ -= n;
      thrown_ += n;
    }
    return chunk_left_ == 0 ? chunk_done() : std::nullopt;
  }
  for (;;) {
    if (scanner_->facts().size > options_->limits.letter + options_->limits.refused_data) {
      say(Rule::letter_too_large);
      close(Rule::too_much_refused_data);
      return std::nullopt;
    }
    if (scanner_->wants_input() && !scanner_->ended()) {
      if (chunk && chunk_left_ == 0) return chunk_done();
      if (!next_input()) return std::nullopt;
      const std::size_t have = input_.size() - at_;
      const std::size_t n = chunk ? std::min<std::uint64_t>(chunk_left_, have) : have;
      scanner_->feed(input_.slice(at_, n));
      at_ += n;
      if (chunk) chunk_left_ -= n;
    }
    Chunk piece = scanner_->next();
    if (auto event = data_broken()) return event;
    if (!piece.empty()) return Data{std::move(piece)};
    if (scanner_->ended() && scanner_->facts().size <= options_->limits.letter + options_->limits.refused_data)
      return letter_done();
  }
}

Event ServerMachine::letter_done() {
  Chunk rest = scanner_->take_rest();
  if (!rest.empty()) {
    // What is left of the fed chunk comes before anything fed later.
    if (has_input()) more_.push_back(input_.slice(at_, input_.size() - at_));
    input_ = std::move(rest);
    at_ = 0;
  }
  mode_ = Mode::commands;
  if (const auto rule = scanner_->broken()) return refuse_letter(*rule);
  letter_open_ = false;
  question_ = Question::letter;
  return DataEnd{scanner_->facts()};
}

std::optional<Event> ServerMachine::chunk_done() {
  mode_ = Mode::commands;
  if (chunk_last_ && scanner_ && !chunk_refusal_ && !letter_refusal_) {
    scanner_->finish();
    if (auto event = data_broken()) {  // broken by its very last octet
      waiting_ = refuse_letter(*scanner_->broken());
      return event;
    }
  }
  std::optional<Rule> rule = chunk_refusal_;
  if (!rule && scanner_ && session_.chunked) rule = scanner_->broken();
  if (!rule && !letter_refusal_) {
    if (!chunk_last_) {
      say(Rule::chunk_ok);
      return std::nullopt;
    }
    letter_open_ = false;
    question_ = Question::letter;
    return DataEnd{scanner_->facts()};
  }
  std::optional<Event> event;
  for (std::size_t i = 1; chunk_last_ && i < replies_to_letter(); ++i)
    say(letter_refusal_ ? *letter_refusal_ : Reply(*rule));
  if (letter_refusal_) {
    const Reply reply = *std::exchange(letter_refusal_, std::nullopt);
    say(reply);
    answered_negatively(Question::chunk, reply);
  } else {
    event = refuse(*rule, "BDAT");
  }
  session_.chunk_failed = session_.in_mail;
  if (std::exchange(letter_open_, false)) waiting_ = Reset{};
  if (chunk_last_) end_letter(false);
  return event;
}

Event ServerMachine::refuse_letter(Rule rule) {
  for (std::size_t i = 1; i < replies_to_letter(); ++i) say(rule);
  Event event = refuse(rule, "");
  end_letter(false);
  return event;
}

// RFC 2033 §4.2: an LMTP client waits for a reply for each recipient that was accepted.
std::size_t ServerMachine::replies_to_letter() const {
  return options_->role == Role::lmtp ? std::max<std::size_t>(session_.recipients, 1) : 1;
}

// The transaction ends without the client's asking for it by name.
void ServerMachine::give_up_letter() {
  if (letter_open_) waiting_ = Reset{};
  end_letter(false);
}

void ServerMachine::end_letter(bool kept) {
  session_.end_transaction();
  scanner_.reset();
  letter_open_ = false;
  if (kept) errors_ = idle_ = 0;
}

// ---- answers

void ServerMachine::accept() {
  const Question q = std::exchange(question_, Question::none);
  switch (q) {
    case Question::none:
      return close(Rule::driver_fault);
    case Question::hello:
      give_up_letter();
      session_.hello = true;
      return say_hello(hello_extended_);
    case Question::starttls:
      say(Rule::tls_go);
      // RFC 3207 §4.2, RFC 5321 §4.1.4: nothing learned or received in clear counts any more.
      input_ = Chunk();
      at_ = 0;
      more_.clear();
      line_.clear();
      give_up_letter();
      session_.hello = session_.authenticated = false;
      mode_ = Mode::tls;
      return;
    case Question::auth:
      session_.authenticated = true;
      return say(Rule::auth_ok);
    case Question::mail:
      session_.in_mail = true;
      return say(Rule::mail_ok);
    case Question::rcpt:
      ++session_.recipients;
      return say(Rule::rcpt_ok);
    case Question::data:
      say(Rule::data_go);
      [[fallthrough]];
    case Question::chunk:
      scanner_.emplace(q == Question::data ? LetterScanner::Mode::dotted : LetterScanner::Mode::counted, *options_);
      broken_told_ = false;
      letter_open_ = true;
      mode_ = q == Question::data ? Mode::data : Mode::chunk;
      return;
    case Question::letter:
      for (std::size_t i = 0; i < replies_to_letter(); ++i) say(Rule::letter_ok);
      return end_letter(true);
    case Question::vrfy:
      return say(Rule::vrfy_unsaid);
  }
}

void ServerMachine::accept(const Reply& reply) {
  const Question q = question_;
  const bool positive = q == Question::data ? reply.code == 354 : reply.positive();
  if (!positive) return close(Rule::driver_fault);
  switch (q) {
    case Question::mail:
      session_.in_mail = true;
      break;
    case Question::rcpt:
      ++session_.recipients;
      break;
    case Question::vrfy:
      break;
    case Question::letter:
      for (std::size_t i = 0; i < replies_to_letter(); ++i) say(reply);
      question_ = Question::none;
      return end_letter(true);
    default:
      return accept();
  }
  question_ = Question::none;
  say(reply);
}

void ServerMachine::reject(const Reply& reply) {
  const Question q = std::exchange(question_, Question::none);
  if (q == Question::none || (!reply.transient() && !reply.permanent())) return close(Rule::driver_fault);
  if (q == Question::chunk) {  // said when the chunk has been read past
    letter_refusal_ = reply;
    return;
  }
  if (q == Question::letter) {
    for (std::size_t i = 0; i < replies_to_letter(); ++i) say(reply);
    end_letter(false);
  } else {
    say(reply);
  }
  answered_negatively(q, reply);
}

void ServerMachine::answered_negatively(Question q, const Reply& reply) {
  if (reply.code == 421) return close_now(CloseReason::refused, std::nullopt);
  const ServerLimits& limits = options_->limits;
  if (q == Question::mail) session_.end_transaction();
  if (q == Question::auth) {
    mode_ = Mode::commands;
    if (++auth_failures_ >= limits.auth_failures) return close(Rule::too_many_auth_failures);
  } else if (q == Question::rcpt) {
    if (reply.permanent() && ++refused_rcpts_ > limits.refused_rcpts && limits.refused_rcpts > 0)
      return close(Rule::too_many_refused_rcpts);
  } else if (q != Question::letter && reply.permanent() && ++errors_ > limits.errors) {
    close(Rule::too_many_errors);
  }
}

void ServerMachine::challenge(ByteView octets) {
  if (question_ != Question::auth) return close(Rule::driver_fault);
  question_ = Question::none;
  // RFC 4954 §4: "334" and base64, which may be longer than a reply line else may.
  out_ += "334 ";
  out_ += codec::base64_encode(octets);
  out_ += "\r\n";
  mode_ = Mode::auth;
}

void ServerMachine::answer_each(std::span<const Reply> replies) {
  if (question_ != Question::letter || replies.size() != session_.recipients || options_->role != Role::lmtp)
    return close(Rule::driver_fault);
  question_ = Question::none;
  bool kept = false;
  for (const Reply& r : replies) {
    say(r);
    kept |= r.positive();
  }
  end_letter(kept);
}

void ServerMachine::tls_started() {
  if (mode_ != Mode::tls) return close(Rule::driver_fault);
  session_.tls = true;
  mode_ = Mode::commands;
}

// ---- output

Bytes ServerMachine::take_output() { return std::exchange(out_, Bytes()); }

void ServerMachine::say(Rule rule) {
  const RuleRow& row = rule_row(rule);
  append_reply(out_, row.code, row.enhanced, row.text);
}

// RFC 5321 §4.1.1.1; the keywords are those of the RFCs named beside them.
void ServerMachine::say_hello(bool extended) {
  const ServerOptions& o = *options_;
  std::string text = o.hostname;
  if (extended) {
    if (o.pipelining) text += "\nPIPELINING";               // RFC 2920
    text += "\nSIZE " + std::to_string(o.limits.letter);    // RFC 1870
    if (session_.starttls_offered()) text += "\nSTARTTLS";  // RFC 3207: not inside TLS
    if (session_.auth_offered() && !session_.authenticated) {
      text += "\nAUTH";  // RFC 4954
      for (const std::string& m : o.auth_mechanisms) text += " " + m;
    }
    text += "\nENHANCEDSTATUSCODES\n8BITMIME";  // RFC 2034, RFC 6152
    if (o.dsn) text += "\nDSN";                 // RFC 3461
    if (o.smtputf8) text += "\nSMTPUTF8";       // RFC 6531
    if (o.chunking) text += "\nCHUNKING";       // RFC 3030
    if (o.chunking && o.binarymime) text += "\nBINARYMIME";
  }
  append_reply(out_, 250, "", text);
}

Event ServerMachine::refuse(Rule rule, ByteView line) {
  Refused event{rule, for_log(line)};  // before a close lets go of the input that `line` looks into
  say(rule);
  // A full envelope is no mistake of the client's.
  if (rule != Rule::rcpt_too_many && ++errors_ > options_->limits.errors) close(Rule::too_many_errors);
  return event;
}

// Refuses with the 421 itself.
Event ServerMachine::shut_out(Rule rule, ByteView line) {
  Refused event{rule, for_log(line)};
  close(rule);
  return event;
}

void ServerMachine::close(Rule rule) {
  if (mode_ == Mode::closed) return;
  say(rule);
  const CloseReason reason = rule == Rule::timeout    ? CloseReason::timeout
                             : rule == Rule::shutdown ? CloseReason::shutdown
                                                      : CloseReason::refused;
  const bool open = std::exchange(letter_open_, false);
  close_now(reason, rule);
  if (open) waiting_ = Reset{};
}

void ServerMachine::close_now(CloseReason reason, std::optional<Rule> rule) {
  mode_ = Mode::closed;
  question_ = Question::none;
  close_ = Close{reason, rule};
  input_ = Chunk();
  at_ = 0;
  more_.clear();
  line_.clear();
  scanner_.reset();
}

}  // namespace chappe::proto::smtp
