#include "proto/smtp/server.h"

#include <algorithm>
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
    : options_(std::move(options)),
      session_{.options = *options_, .tls = tls},
      lines_(options_->limits.line_flood),
      intake_(*options_) {}

void ServerMachine::greet() {
  // RFC 5321 §4.3.1: the client waits for the greeting.
  if (options_->refuse_early_commands && lines_.has_input()) return close(Rule::command_too_early);
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
  if (mode_ != Mode::tls && mode_ != Mode::closed) lines_.feed(std::move(octets));
}

void ServerMachine::feed_end() { lost_ = true; }

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
    const bool dry = !lines_.has_input() && intake_.wants_input();
    std::optional<Event> event;
    switch (mode_) {
      case Mode::commands:
        event = step_command();
        break;
      case Mode::auth:
        event = step_auth();
        break;
      case Mode::letter:
        event = step_letter();
        break;
      default:
        break;
    }
    if (event) return std::move(*event);
    if (mode_ == Mode::closed || !dry) continue;
    if (!lost_) return NeedInput{};
    close_now(CloseReason::lost, std::nullopt);
  }
}

// Only <CRLF> ends a line (RFC 5321 §2.3.8). A bare <LF> gets its refusal at once, for the sake of people at a
// keyboard.
std::optional<Event> ServerMachine::step_command() {
  using Got = codec::LineReader::Got;
  const ServerLimits& limits = options_->limits;
  ByteView line;
  switch (lines_.next(line, {limits.command_line, "AUTH", limits.auth_line})) {
    case Got::nothing:
      return std::nullopt;
    case Got::line:
      return dispatch(line);
    case Got::bare_lf:
      return refuse_step(Rule::line_bare_lf, line);
    case Got::too_long:
      return refuse_step(Rule::line_too_long, line);
    case Got::endless:
      close(Rule::line_endless);
      return std::nullopt;
  }
  return std::nullopt;
}

// Refuses a line of which perhaps not even the verb can be believed. Behind a BDAT, which octets are a chunk's and
// which a command's cannot be known any more.
Event ServerMachine::refuse_step(Rule rule, ByteView line) {
  const bool lost_step = istarts_with(line, "BDAT");
  Event event = refuse(rule, line);
  if (lost_step) close(Rule::out_of_step);
  return event;
}

std::optional<Event> ServerMachine::dispatch(ByteView line) {
  if (line.contains('\0')) return refuse_step(Rule::line_nul, line);
  if (line.contains('\r')) return refuse_step(Rule::line_bare_cr, line);
  const ByteView verb = line.substr(0, line.find(' '));
  // RFC 5321 §4.1.1: blanks at the end are tolerated.
  const ByteView argument = trim(line.substr(verb.size()), " \t");
  const CommandRow* row = find_command(trim(verb, "\t"));
  if (row == nullptr) {
    if (!alien_verb(verb)) return refuse(Rule::command_unknown, line);
    return shut_out(Rule::command_alien, line);
  }
  if (turned_away_ && row->check != check_quit) return refuse(Rule::turned_away, line);
  if ((row->flags & kWaits) != 0 && options_->refuse_early_commands && lines_.has_input())
    return shut_out(Rule::command_too_early, line);
  if ((row->flags & kIdle) != 0 && ++idle_ > options_->limits.idle_commands) return shut_out(Rule::too_many_idle, line);
  Checked checked = check_command(*row, session_, argument);
  if (!checked) {
    if (row->check == check_rcpt && session_.in_mail) ++session_.offered;
    Event event = refuse(checked.error(), line);
    if ((row->flags & kClosesOnSyntax) != 0) close(Rule::out_of_step);
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
      m.intake_.end();
      return c;
    }
    std::optional<Event> operator()(Quit&) {
      m.say(Rule::goodbye);
      m.close_now(CloseReason::quit, std::nullopt);
      return std::nullopt;
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
  using Got = codec::LineReader::Got;
  ByteView line;
  const Got got = lines_.next(line, {options_->limits.auth_line});
  if (got == Got::nothing) return std::nullopt;
  mode_ = Mode::commands;
  std::optional<Bytes> octets;
  Rule rule = Rule::auth_base64;
  if (got != Got::line) {
    rule = got == Got::too_long ? Rule::auth_line_too_long : Rule::line_bare_lf;
  } else if (line == "*") {
    rule = Rule::auth_cancelled;  // RFC 4954 §4: 501
  } else {
    octets = codec::base64_decode(line);  // an empty line is an empty response
  }
  if (octets) {
    question_ = Question::auth;
    return AuthResponse{std::move(*octets)};
  }
  waiting_ = refuse(rule, "");
  return AuthCancel{};
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
      return append_reply(out_, 250, "", hello_reply(session_, hello_extended_));
    case Question::starttls:
      say(Rule::tls_go);
      // RFC 3207 §4.2, RFC 5321 §4.1.4: nothing learned or received in clear counts any more.
      lines_.clear();
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
      intake_.begin(q == Question::data ? LetterScanner::Mode::dotted : LetterScanner::Mode::counted);
      mode_ = Mode::letter;
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
  const bool positive = q == Question::data   ? reply.code == 354
                        : q == Question::auth ? reply.code == 235
                                              : reply.positive();
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
    case Question::auth:
      session_.authenticated = true;
      break;
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
    return intake_.skip_chunk();
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

Event ServerMachine::refuse(Rule rule, ByteView line) {
  say(rule);
  return refuse_silently(rule, line);
}

Event ServerMachine::refuse_silently(Rule rule, ByteView line) {
  Refused event{rule, for_log(line)};  // before a close lets go of the input that `line` looks into
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
  close_now(reason, rule);
}

void ServerMachine::close_now(CloseReason reason, std::optional<Rule> rule) {
  mode_ = Mode::closed;
  question_ = Question::none;
  close_ = Close{reason, rule};
  lines_.clear();
  if (intake_.end()) waiting_ = Reset{};
}

}  // namespace chappe::proto::smtp
