#include "proto/smtp/client.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "codec/base64.h"
#include "proto/smtp/parameters.h"
#include "proto/smtp/path.h"

namespace chappe::proto::smtp {
namespace {

Answer our_own(int code, std::string_view enhanced, std::string_view text) { return {Reply(code, enhanced, text), ""}; }

// "SIZE 1000", "AUTH PLAIN LOGIN", also the "AUTH=PLAIN" of old servers.
void take_keyword(std::string_view line, Extensions& ext) {
  const std::string_view keyword = line.substr(0, line.find_first_of(" ="));
  const std::string_view rest = line.substr(std::min(keyword.size() + 1, line.size()));
  const auto is = [&](std::string_view name) { return iequals(keyword, name); };
  if (is("PIPELINING")) ext.pipelining = true;
  if (is("STARTTLS")) ext.starttls = true;
  if (is("8BITMIME")) ext.eight_bit = true;
  if (is("SMTPUTF8")) ext.smtputf8 = true;
  if (is("CHUNKING")) ext.chunking = true;
  if (is("BINARYMIME")) ext.binarymime = true;
  if (is("DSN")) ext.dsn = true;
  if (is("XFOLDER")) ext.folders = true;
  if (is("SIZE")) ext.size = to_number<std::uint64_t>(trim(rest)).value_or(0);
  if (is("AUTH")) {
    for (const std::string_view word : split(rest, ' '))
      if (!word.empty() && std::ranges::find(ext.auth, to_upper(word)) == ext.auth.end())
        ext.auth.push_back(to_upper(word));
  }
}

// Fit to stand between angle brackets: parses, and has nothing that could end the command.
bool sendable(const std::string& address, bool reverse) {
  if (reverse && address.empty()) return true;
  return parse_mailbox(address).has_value() || (!reverse && iequals(address, "postmaster"));
}
bool sendable_word(const std::optional<std::string>& word) {
  return !word || std::ranges::none_of(*word, [](char c) { return is_ctl(c) || c == ' '; });
}

}  // namespace

ClientMachine::ClientMachine(ClientOptions options) : options_(std::move(options)), parser_(options_.replies) {
  // How many replies follow a chunk that was refused early depends on the server; so one chunk at a time.
  if (options_.lmtp) options_.chunk_group = 1;
  expected_.push_back({Expect::greeting});
}

void ClientMachine::feed(ByteView octets) {
  if (phase_ != Phase::closed) input_ += octets;
}

void ClientMachine::feed_end() {
  if (phase_ == Phase::closed) return;
  if (phase_ == Phase::idle) return lose(our_own(421, "4.4.2", "The connection was lost"));
  lose(our_own(421, "4.4.2", fmt::format("The connection was lost before {}", awaited())));
}

std::string_view ClientMachine::awaited() const {
  return awaited(!expected_.empty() ? expected_.front().what : Expect::chunk);
}

std::string_view ClientMachine::awaited(Expect what) {
  switch (what) {
    case Expect::greeting:
      return "the greeting";
    case Expect::ehlo:
      return "the answer to EHLO";
    case Expect::helo:
      return "the answer to HELO";
    case Expect::starttls:
      return "the answer to STARTTLS";
    case Expect::auth:
      return "the answer to AUTH";
    case Expect::mail:
      return "the answer to MAIL";
    case Expect::rcpt:
      return "the answer to RCPT";
    case Expect::data:
      return "the answer to DATA";
    case Expect::letter:
      return "the answer to the letter";
    case Expect::chunk:
      return "the end of the letter";
    case Expect::abort:
    case Expect::forget:
    case Expect::plain:
    case Expect::quit:
      break;
  }
  return "an answer";
}

ClientEvent ClientMachine::next() {
  ByteView rest = input_;
  while (phase_ != Phase::closed && phase_ != Phase::tls && !rest.empty()) {
    auto complete = parser_.feed(rest);
    if (!complete) {
      lose(our_own(421, "4.5.0", complete.error().text()));
      break;
    }
    if (*complete) take({parser_.reply(), parser_.words()});
  }
  if (phase_ == Phase::tls && !rest.empty()) {
    // RFC 3207 §4.2: nothing from before TLS may count; octets behind the 220 are somebody's injection.
    lose(our_own(421, "4.7.0", "The other side spoke on in clear after STARTTLS"));
  }
  input_.clear();
  switch (phase_) {
    case Phase::idle:
      return ClientEvent::done;
    case Phase::tls:
      return ClientEvent::need_tls;
    case Phase::challenge:
      return ClientEvent::challenge;
    case Phase::closed:
      return ClientEvent::closed;
    case Phase::letter:
      if (!letter_ended_ && expected_.size() < options_.chunk_group) return ClientEvent::need_letter;
      return ClientEvent::need_input;
    default:
      return ClientEvent::need_input;
  }
}

ChunkList ClientMachine::take_output() { return std::exchange(out_, ChunkList()); }

void ClientMachine::command(std::string_view line, Expected expected) {
  out_.append_copy(std::string(line) + "\r\n");
  expected_.push_back(expected);
}

void ClientMachine::say_hello() { command((options_.lmtp ? "LHLO " : "EHLO ") + options_.name, {Expect::ehlo}); }

// ---- answers

void ClientMachine::take(const Answer& answer) {
  ++replies_;
  if (expected_.empty()) return lose(answer);  // "421 …" while we were idle, or nonsense
  const Expected e = expected_.front();
  expected_.pop_front();
  const int code = answer.reply.code;
  // RFC 5321 §3.8: 421 may come at any time, and is the last thing to come.
  if (code == 421) {
    expected_.push_front(e);
    return lose(answer);
  }
  // "Go on" where nothing can go on, or "done" to DATA: after that nobody can say what was taken and what was not.
  const bool may_go_on = e.what == Expect::data || e.what == Expect::auth;
  if (may_go_on ? e.what == Expect::data && answer.reply.positive() : answer.reply.intermediate()) return lose(answer);
  switch (e.what) {
    case Expect::greeting:
      greeting_ = answer.words;
      if (code == 220) return say_hello();
      return finish(false, answer);
    case Expect::ehlo:
      return take_hello(answer, true);
    case Expect::helo:
      return take_hello(answer, false);
    case Expect::starttls:
      if (code != 220) return finish(false, answer);
      answer_ = answer;
      phase_ = Phase::tls;
      return;
    case Expect::auth:
      if (code == 334) {
        const auto octets = codec::base64_decode(trim(answer.reply.text));
        phase_ = Phase::challenge;
        if (!octets) return cancel();
        challenge_ = *octets;
        return;
      }
      authenticated_ = code == 235;
      return finish(authenticated_, answer);
    case Expect::mail:
      mail_refused_ = !answer.reply.positive();
      answer_ = answer;
      if (mail_refused_)
        for (Answer& r : results_) r = answer;
      return pump();
    case Expect::rcpt:
      return take_rcpt(e.recipient, answer);
    case Expect::data:
      return take_data(answer);
    case Expect::abort:  // the end of a letter that was for nobody
    case Expect::forget:
      return pump();
    case Expect::letter:
    case Expect::chunk:
      return take_letter(e, answer);
    case Expect::plain:
      return finish(answer.reply.positive(), answer);
    case Expect::quit:
      finish(answer.reply.positive(), answer);
      phase_ = Phase::closed;
      return;
  }
}

void ClientMachine::take_hello(const Answer& answer, bool extended) {
  hello_words_ = answer.words;
  if (!answer.reply.positive()) {
    // RFC 5321 §3.2: a server that does not know EHLO may know HELO.
    if (extended && answer.reply.permanent() && !options_.lmtp) return command("HELO " + options_.name, {Expect::helo});
    return finish(false, answer);
  }
  extensions_ = Extensions();
  extensions_.extended = extended;
  if (extended) {
    const auto lines = split(answer.reply.text, '\n');
    for (std::size_t i = 1; i < lines.size(); ++i) take_keyword(lines[i], extensions_);
  }
  finish(true, answer);
}

void ClientMachine::finish(bool ok, Answer answer) {
  ok_ = ok;
  answer_ = std::move(answer);
  phase_ = Phase::idle;
}

void ClientMachine::lose(Answer answer) {
  const bool sending = phase_ == Phase::envelope || phase_ == Phase::letter;
  // A yes that nobody asked for is no promise.
  if (!answer.reply.transient() && !answer.reply.permanent())
    answer = our_own(421, "4.5.0", "The other side spoke out of turn");
  if (sending) fail_rest(answer);
  ok_ = sending && std::ranges::any_of(results_, [](const Answer& a) { return a.reply.positive(); });
  answer_ = std::move(answer);
  expected_.clear();
  phase_ = Phase::closed;
}

// ---- operations

Result<> ClientMachine::starttls() {
  if (!extensions_.starttls || tls_) return fail(Errc::unsupported, "the other side does not offer STARTTLS");
  phase_ = Phase::busy;
  command("STARTTLS", {Expect::starttls});
  return {};
}

void ClientMachine::tls_started() {
  tls_ = true;
  authenticated_ = needs_reset_ = false;
  extensions_ = Extensions();  // RFC 3207 §4.2: forget what was said in clear
  phase_ = Phase::busy;
  say_hello();
}

Result<> ClientMachine::auth(std::string_view mechanism, std::optional<ByteView> initial) {
  const std::string name = to_upper(mechanism);
  if (std::ranges::find(extensions_.auth, name) == extensions_.auth.end())
    return fail(Errc::unsupported, "the other side does not offer AUTH {}", printable(name, 40));
  std::string line = "AUTH " + name;
  if (initial) line += " " + (initial->empty() ? "=" : codec::base64_encode(*initial));  // RFC 4954 §4
  phase_ = Phase::busy;
  command(line, {Expect::auth});
  return {};
}

void ClientMachine::respond(ByteView octets) {
  if (phase_ != Phase::challenge) return;
  phase_ = Phase::busy;
  command(codec::base64_encode(octets), {Expect::auth});
}

void ClientMachine::cancel() {
  if (phase_ != Phase::challenge) return;
  phase_ = Phase::busy;
  command("*", {Expect::auth});
}

void ClientMachine::reset() {
  phase_ = Phase::busy;
  needs_reset_ = false;
  command("RSET", {Expect::plain});
}
void ClientMachine::noop() {
  phase_ = Phase::busy;
  command("NOOP", {Expect::plain});
}
void ClientMachine::quit() {
  phase_ = Phase::busy;
  command("QUIT", {Expect::quit});
}

// ---- the letter

Result<> ClientMachine::send(Envelope envelope) {
  if (envelope.recipients.empty()) return fail(Errc::invalid, "an envelope that cannot be sent");
  return begin_envelope(std::move(envelope), false);
}

Result<> ClientMachine::ask(Envelope envelope) { return begin_envelope(std::move(envelope), true); }

Result<> ClientMachine::begin_envelope(Envelope envelope, bool asking) {
  const Extensions& ext = extensions_;
  bool utf8 = std::ranges::any_of(envelope.from, is_8bit);
  bool fit = sendable(envelope.from, true) && sendable_word(envelope.ret);
  for (const Recipient& r : envelope.recipients) {
    utf8 |= std::ranges::any_of(r.address, is_8bit);
    fit &= sendable(r.address, false) && sendable_word(r.notify) && sendable_word(r.orcpt);
  }
  if (!fit) return fail(Errc::invalid, "an envelope that cannot be sent");
  envelope.smtputf8 |= utf8;
  if (envelope.smtputf8 && !ext.smtputf8) return fail(Errc::unsupported, "the other side does not offer SMTPUTF8");
  if (envelope.body == Body::eight_bit && !ext.eight_bit)
    return fail(Errc::unsupported, "the other side does not offer 8BITMIME");
  if (envelope.body == Body::binary && (!ext.binarymime || !ext.chunking))
    return fail(Errc::unsupported, "the other side does not offer BINARYMIME");
  if (envelope.size && ext.size.value_or(0) > 0 && *envelope.size > *ext.size)
    return fail(Errc::too_large, "the other side takes {} octets, the letter has {}", *ext.size, *envelope.size);

  envelope_ = std::move(envelope);
  results_.assign(envelope_.recipients.size(), {});
  next_rcpt_ = accepted_ = 0;
  pipelining_ = ext.pipelining && options_.pipelining;
  chunking_ = ext.chunking && (options_.chunking || envelope_.body == Body::binary);
  mail_sent_ = mail_refused_ = data_sent_ = letter_ended_ = reset_sent_ = false;
  asking_ = asking;
  writer_.reset();
  chunk_.clear();
  phase_ = Phase::envelope;
  if (std::exchange(needs_reset_, false)) command("RSET", {Expect::forget});
  pump();
  return {};
}

void ClientMachine::send_mail() {
  const Extensions& ext = extensions_;
  std::string line = "MAIL FROM:<" + envelope_.from + ">";
  if (envelope_.size && ext.size) line += " SIZE=" + std::to_string(*envelope_.size);
  if (envelope_.body == Body::eight_bit) line += " BODY=8BITMIME";
  if (envelope_.body == Body::seven_bit && ext.eight_bit) line += " BODY=7BIT";
  if (envelope_.body == Body::binary) line += " BODY=BINARYMIME";
  if (envelope_.smtputf8) line += " SMTPUTF8";
  // RFC 4954 §5: whom it believes is the server's matter. The hosts of one site believe each other without AUTH.
  if (envelope_.auth && (authenticated_ || (options_.lmtp && !ext.auth.empty())))
    line += " AUTH=" + (envelope_.auth->empty() ? "<>" : xtext_encode(*envelope_.auth));
  if (ext.dsn && envelope_.ret) line += " RET=" + *envelope_.ret;
  if (ext.dsn && envelope_.envid) line += " ENVID=" + xtext_encode(*envelope_.envid);
  command(line, {Expect::mail});
}

void ClientMachine::send_rcpt(std::size_t i) {
  const Recipient& r = envelope_.recipients[i];
  std::string line = "RCPT TO:<" + r.address + ">";
  if (extensions_.dsn && r.notify) line += " NOTIFY=" + *r.notify;
  if (extensions_.dsn && r.orcpt) line += " ORCPT=" + *r.orcpt;
  if (extensions_.folders && r.folder) line += " XFOLDER=" + xtext_encode(*r.folder);
  command(line, {Expect::rcpt, i});
}

// Sends as much of the envelope as may be on its way now, and sees when there is nothing more to wait for.
void ClientMachine::pump() {
  if (phase_ != Phase::envelope) return;
  if (!pipelining_ && !expected_.empty()) return;
  if (!std::exchange(mail_sent_, true)) {
    send_mail();
    if (!pipelining_) return;
  }
  const std::size_t n = envelope_.recipients.size();
  while (!mail_refused_ && next_rcpt_ < n && (pipelining_ ? expected_.size() < options_.rcpt_group : expected_.empty()))
    send_rcpt(next_rcpt_++);
  if (mail_refused_ || next_rcpt_ == n) {
    if (asking_) {
      if (!pipelining_ && !expected_.empty()) return;
      if (!std::exchange(reset_sent_, true)) return command("RSET", {Expect::forget});
      if (expected_.empty()) finish_ask();
      return;
    }
    // RFC 2920 §3.1: DATA may be the last of a group; whether anybody was accepted is seen when its reply is there.
    if (!data_sent_ && !mail_refused_ && !chunking_ && (expected_.empty() ? accepted_ > 0 : pipelining_)) {
      data_sent_ = true;
      return command("DATA", {Expect::data});
    }
    if (!expected_.empty()) return;
    if (chunking_ && accepted_ > 0 && !mail_refused_) return begin_letter();
    finish_send();
  }
}

void ClientMachine::take_rcpt(std::size_t i, const Answer& answer) {
  if (!answer.reply.positive()) {
    if (!mail_refused_) results_[i] = answer;
  } else {
    ++accepted_;
    if (asking_ && !mail_refused_) results_[i] = answer;
  }
  pump();
}

void ClientMachine::take_data(const Answer& answer) {
  if (answer.reply.intermediate()) {
    if (accepted_ > 0 && !mail_refused_) return begin_letter();
    // RFC 2920 §3.1: nobody was accepted, and still it is waiting for a letter: an empty one.
    return command(".", {Expect::abort});
  }
  fail_rest(answer);
  needs_reset_ = true;
  finish_send();
}

void ClientMachine::begin_letter() {
  using enum codec::LetterWriter::Mode;
  writer_.emplace(!chunking_ ? dotted : envelope_.body == Body::binary ? raw : lines);
  phase_ = Phase::letter;
}

void ClientMachine::letter(const Chunk& piece) {
  if (phase_ != Phase::letter || letter_ended_) return;
  if (!chunking_) return writer_->write(piece, out_);
  writer_->write(piece, chunk_);
  if (chunk_.size() >= options_.chunk) flush_chunk(false);
}

void ClientMachine::letter_end() {
  if (phase_ != Phase::letter || std::exchange(letter_ended_, true)) return;
  if (chunking_) {
    writer_->finish(chunk_);
    flush_chunk(true);
    return;
  }
  writer_->finish(out_);
  // RFC 2033 §4.2: one reply for each recipient that was accepted.
  if (!options_.lmtp) return expected_.push_back({Expect::letter});
  for (std::size_t i = 0; i < results_.size(); ++i)
    if (accepted(i)) expected_.push_back({Expect::letter, i});
}

void ClientMachine::flush_chunk(bool last) {
  const std::string line = "BDAT " + std::to_string(chunk_.size()) + (last ? " LAST\r\n" : "\r\n");
  out_.append_copy(line);
  out_.append(std::exchange(chunk_, ChunkList()));
  if (!last || !options_.lmtp) {
    expected_.push_back({last ? Expect::letter : Expect::chunk});
    return;
  }
  for (std::size_t i = 0; i < results_.size(); ++i)
    if (accepted(i)) expected_.push_back({Expect::letter, i});
}

void ClientMachine::take_letter(Expected e, const Answer& answer) {
  if (e.what == Expect::chunk) {
    if (answer.reply.positive()) return;
    // RFC 3030 §2: the letter has failed, nothing more of it may be sent.
    fail_rest(answer);
    letter_ended_ = needs_reset_ = true;
    if (expected_.empty()) return finish_send();
    for (Expected& rest : expected_) rest.what = Expect::forget;  // what is in the pipeline is refused as well
    phase_ = Phase::envelope;
    next_rcpt_ = results_.size();
    accepted_ = 0;
    return;
  }
  if (options_.lmtp) {
    if (accepted(e.recipient)) results_[e.recipient] = answer;
  } else {
    fail_rest(answer);
  }
  answer_ = answer;
  if (expected_.empty()) finish_send();
}

// What holds for everybody who has no answer of their own yet, be it good or bad.
void ClientMachine::fail_rest(const Answer& answer) {
  for (std::size_t i = 0; i < results_.size(); ++i)
    if (accepted(i)) results_[i] = answer;
}

void ClientMachine::finish_ask() {
  // Without recipients, answer_ is the one to MAIL.
  Answer decisive = results_.empty() ? answer_ : results_.front();
  finish(!mail_refused_ && (results_.empty() || accepted_ > 0), std::move(decisive));
}

void ClientMachine::finish_send() {
  const auto good = [](const Answer& a) { return a.reply.positive(); };
  const bool any = std::ranges::any_of(results_, good);
  if (!any && !mail_refused_ && !data_sent_) needs_reset_ = true;
  const auto decisive = std::ranges::find_if(results_, good);
  finish(any, decisive != results_.end() ? *decisive : results_.back());
}

}  // namespace chappe::proto::smtp
