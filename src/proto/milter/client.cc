#include "proto/milter/client.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace chappe::proto::milter {
namespace {

// Lines of a field as filters want them, ended by LF alone.
Bytes with_lf(ByteView value) {
  Bytes out;
  out.reserve(value.size());
  for (std::size_t i = 0; i < value.size(); ++i)
    if (value[i] != '\r' || i + 1 == value.size() || value[i + 1] != '\n') out += value[i];
  return out;
}

Bytes with_crlf(ByteView value) {
  Bytes out;
  out.reserve(value.size());
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value[i] == '\n' && (i == 0 || value[i - 1] != '\r')) out += '\r';
    out += value[i];
  }
  return out;
}

// Libmilter doubles each percent sign, because Sendmail takes a reply for a format.
std::string without_doubled_percent(std::string_view s) {
  std::string out;
  for (std::size_t i = 0; i < s.size(); ++i) {
    out += s[i];
    if (s[i] == '%' && i + 1 < s.size() && s[i + 1] == '%') ++i;
  }
  return out;
}

// "5.7.1" at the front of `s`, or nothing.
std::string_view enhanced_code(std::string_view s) {
  const std::string_view word = s.substr(0, s.find(' '));
  const auto parts = split(word, '.');
  const bool fits = parts.size() == 3 && std::ranges::all_of(parts, [](std::string_view p) {
                      return !p.empty() && p.size() <= 3 && std::ranges::all_of(p, is_digit);
                    });
  return fits ? word : std::string_view();
}

ChunkList envelope(Command command, std::string_view path, const std::vector<std::string>& arguments) {
  PacketWriter packet(command);
  packet.string(path);
  for (const std::string& argument : arguments)
    if (packet.size() + std::min(argument.size(), kMaxEnvelopeData) < kMaxSentData) packet.string(argument);
  return ChunkList(std::move(packet).take());
}

std::string_view name_of(Command command) {
  switch (command) {
    case Command::negotiate:
      return "the answer to the negotiation";
    case Command::connect:
      return "the answer to the connection";
    case Command::hello:
      return "the answer to HELO";
    case Command::mail:
      return "the answer to MAIL";
    case Command::rcpt:
      return "the answer to RCPT";
    case Command::data:
      return "the answer to DATA";
    case Command::header:
      return "the answer to a header field";
    case Command::end_of_header:
      return "the answer to the header";
    case Command::body:
      return "the answer to a part of the body";
    case Command::end_of_body:
      return "the answer to the letter";
    default:
      return "nothing";
  }
}

}  // namespace

Result<ReplyCode> parse_reply_code(std::string_view data) {
  ReplyCode out;
  const std::string text = without_doubled_percent(data.substr(0, data.find('\0')));
  bool first = true;
  for (std::string_view line : split(trim(text, "\r\n"), '\n')) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    const auto code = to_number<int>(line.substr(0, 3));
    if (!code || *code < 400 || *code > 599 || (line.size() > 3 && line[3] != ' ' && line[3] != '-'))
      return fail(Errc::invalid, "no reply to a client: {}", printable(line));
    if (!first && *code != out.code) return fail(Errc::invalid, "a reply with the codes {} and {}", out.code, *code);
    line.remove_prefix(std::min<std::size_t>(line.size(), 4));
    if (const auto enhanced = enhanced_code(line); !enhanced.empty()) {
      if (first) out.enhanced = enhanced;
      line.remove_prefix(std::min(line.size(), enhanced.size() + 1));
    }
    out.code = *code;
    if (!std::exchange(first, false)) out.text += '\n';
    out.text += line;
  }
  return out;
}

ClientMachine::ClientMachine() {
  PacketWriter packet(Command::negotiate);
  packet.number(kVersion).number(action::kOffered).number(step::kOffered);
  queue_.push_back({Command::negotiate, ChunkList(std::move(packet).take()), true});
}

void ClientMachine::feed(ByteView octets) { input_ += octets; }

ChunkList ClientMachine::take_output() { return std::exchange(out_, ChunkList()); }

std::string_view ClientMachine::awaited() const { return waiting_ ? name_of(*waiting_) : "nothing"; }

bool ClientMachine::reusable() const {
  return behind_letter_ && version_ >= 6 && !error_ && !ended_ && !waiting_ && queue_.empty() && input_.empty() &&
         !reader_.midway();
}

void ClientMachine::fault(Errc code, std::string text) {
  if (!error_) error_.emplace(code, std::move(text));
  queue_.clear();
  body_.clear();
  waiting_.reset();
}

ClientEvent ClientMachine::next() {
  for (ByteView rest = input_;;) {
    while (waiting_ && !rest.empty()) {
      const auto whole = reader_.feed(rest);
      if (!whole)
        fault(whole.error().code(), whole.error().text());
      else if (*whole)
        take(reader_.packet());
    }
    if (waiting_ && !ended_) {
      input_.clear();
      return ClientEvent::need_input;
    }
    if (waiting_) fault(Errc::closed, fmt::format("The milter closed the connection before {}", awaited()));
    if (error_) {
      input_.clear();
      return ClientEvent::failed;
    }
    if (queue_.empty()) {
      input_.erase(0, input_.size() - rest.size());
      return ClientEvent::done;
    }
    // An answer that nobody waits for would be taken for the next one.
    if (!rest.empty() || reader_.midway()) {
      fault(Errc::invalid, "The milter says something unasked");
      continue;
    }
    Out out = std::move(queue_.front());
    queue_.pop_front();
    out_.append(std::move(out.octets));
    if (!out.answered) continue;
    waiting_ = out.command;
    packets_ = 0;
  }
}

void ClientMachine::begin() {
  behind_letter_ = false;
  decision_ = Decision::go_on;
  changes_.clear();
  change_octets_ = more_changes_ = 0;
}

void ClientMachine::send(Command command, ChunkList packet, std::uint32_t silent) {
  queue_.push_back({command, std::move(packet), !agreed(silent)});
}

void ClientMachine::send_macros(Command command, MacroStep step) {
  PacketWriter packet(Command::macro);
  packet.octet(static_cast<char>(command));
  bool any = false;
  for (const std::string& name : lists_.of(step)) {
    const std::string* value = macros_.find(name);
    if (!value || packet.size() + name.size() + kMaxMacroValue + 2 > kMaxSentData) continue;
    packet.string(name).string(*value, kMaxMacroValue);
    any = true;
  }
  if (any) queue_.push_back({Command::macro, ChunkList(std::move(packet).take()), false});
}

void ClientMachine::connect(const ClientAddress& client) {
  begin();
  send_macros(Command::connect, MacroStep::connect);
  if (agreed(step::kNoConnect)) return;
  PacketWriter packet(Command::connect);
  packet.string(client.name.empty() ? "[" + client.ip + "]" : client.name);
  packet.octet(client.ip.find(':') == std::string::npos ? '4' : '6').port(client.port).string(client.ip);
  send(Command::connect, ChunkList(std::move(packet).take()), step::kSilentConnect);
}

void ClientMachine::hello(std::string_view name) {
  begin();
  send_macros(Command::hello, MacroStep::hello);
  if (agreed(step::kNoHello)) return;
  send(Command::hello, ChunkList(std::move(PacketWriter(Command::hello).string(name)).take()), step::kSilentHello);
}

void ClientMachine::mail(std::string_view path, const std::vector<std::string>& arguments) {
  begin();
  skip_body_ = false;
  body_.clear();
  send_macros(Command::mail, MacroStep::mail);
  in_letter_ = false;
  if (agreed(step::kNoMail)) return;
  in_letter_ = true;
  send(Command::mail, envelope(Command::mail, path, arguments), step::kSilentMail);
}

void ClientMachine::rcpt(std::string_view path, const std::vector<std::string>& arguments, bool refused) {
  begin();
  if (refused && !wants_refused_rcpt()) return;
  send_macros(Command::rcpt, MacroStep::rcpt);
  if (agreed(step::kNoRcpt)) return;
  in_letter_ = true;
  send(Command::rcpt, envelope(Command::rcpt, path, arguments), step::kSilentRcpt);
}

void ClientMachine::data() {
  begin();
  send_macros(Command::data, MacroStep::data);
  if (version_ < 4 || agreed(step::kNoData)) return;
  send(Command::data, ChunkList(PacketWriter(Command::data).take()), step::kSilentData);
}

void ClientMachine::header(const std::vector<HeaderField>& fields) {
  begin();
  for (const HeaderField& field : fields) {
    if (agreed(step::kNoHeaders)) break;
    ByteView value = field.value;
    if (!agreed(step::kLeadingSpace) && value.starts_with(' ')) value.remove_prefix(1);
    PacketWriter packet(Command::header);
    packet.string(field.name);
    packet.string(with_lf(value.substr(0, kMaxSentData)), kMaxSentData - packet.size() - 1);
    send(Command::header, ChunkList(std::move(packet).take()), step::kSilentHeader);
  }
  send_macros(Command::end_of_header, MacroStep::end_of_header);
  if (agreed(step::kNoEndOfHeader)) return;
  send(Command::end_of_header, ChunkList(PacketWriter(Command::end_of_header).take()), step::kSilentEndOfHeader);
}

void ClientMachine::body(ChunkList octets) {
  begin();
  if (!wants_body()) return;
  for (const Chunk& chunk : octets.chunks()) body_.append_compact(chunk);
  flush_body(false);
}

void ClientMachine::flush_body(bool all) {
  std::size_t at = 0;
  while (body_.size() - at >= kMaxBodyChunk || (all && at < body_.size())) {
    ChunkList piece = body_.slice(at, kMaxBodyChunk);
    at += piece.size();
    send(Command::body, PacketWriter(Command::body).take(std::move(piece)), step::kSilentBody);
  }
  if (at > 0) body_ = body_.slice(at, body_.size() - at);
}

void ClientMachine::end_of_body() {
  begin();
  flush_body(true);
  send_macros(Command::end_of_body, MacroStep::end_of_body);
  queue_.push_back({Command::end_of_body, ChunkList(PacketWriter(Command::end_of_body).take()), true});
}

void ClientMachine::abort() {
  begin();
  body_.clear();
  behind_letter_ = std::exchange(in_letter_, false);
  queue_.push_back({Command::abort, ChunkList(PacketWriter(Command::abort).take()), false});
}

void ClientMachine::quit() {
  begin();
  queue_.push_back({Command::quit, ChunkList(PacketWriter(Command::quit).take()), false});
}

void ClientMachine::quit_nc() {
  begin();
  macros_.clear();
  queue_.push_back({Command::quit_nc, ChunkList(PacketWriter(Command::quit_nc).take()), false});
}

void ClientMachine::take(const Packet& packet) {
  ++heard_;
  if (++packets_ > kMaxPackets)
    return fault(Errc::too_large, fmt::format("{} of more than {} packets", awaited(), kMaxPackets));
  const auto said = static_cast<Said>(packet.what);
  const bool negotiating = waiting_ == Command::negotiate;
  const bool before_mail = negotiating || waiting_ == Command::connect || waiting_ == Command::hello;
  if (negotiating != (said == Said::negotiate))
    return fault(Errc::invalid,
                 fmt::format("The milter says {} instead of {}", printable({&packet.what, 1}), awaited()));
  switch (said) {
    case Said::negotiate:
      return take_negotiation(packet.data);
    case Said::reply_code: {
      auto code = parse_reply_code(packet.data);
      if (!code) return fault(Errc::invalid, "The milter gives " + code.error().text());
      reply_code_ = std::move(*code);
      return decide(Decision::reply_code);
    }
    case Said::add_header:
    case Said::insert_header:
    case Said::change_header:
    case Said::change_from:
    case Said::add_rcpt:
    case Said::add_rcpt_with:
    case Said::delete_rcpt:
    case Said::quarantine:
    case Said::replace_body:
      if (waiting_ != Command::end_of_body)
        return fault(Errc::invalid, fmt::format("The milter asks for a change in {}", awaited()));
      return take_change(said, packet.data);
    default:
      break;
  }
  if (!packet.data.empty())
    return fault(Errc::invalid, fmt::format("The milter says {} with data", printable({&packet.what, 1})));
  switch (said) {
    case Said::progress:
      return;
    case Said::go_on:
      if (waiting_ == Command::end_of_body) {
        in_letter_ = false;
        behind_letter_ = true;
      }
      waiting_.reset();
      return;
    case Said::accept:
      return decide(Decision::accept);
    case Said::reject:
      return decide(Decision::reject);
    case Said::temporary:
      return decide(Decision::temporary);
    case Said::shutdown:
      return decide(Decision::shutdown);
    case Said::discard:
      if (!before_mail) return decide(Decision::discard);
      break;
    case Said::skip:
      if (waiting_ == Command::body && agreed(step::kSkip)) return skip();
      break;
    case Said::connection_failed:
      return fault(Errc::unavailable, "The milter asks that the connection be taken for failed");
    default:
      break;
  }
  fault(Errc::invalid, fmt::format("The milter says {} in {}", printable({&packet.what, 1}), awaited()));
}

void ClientMachine::decide(Decision decision) {
  const bool of_recipient = waiting_ == Command::rcpt && decision != Decision::accept && decision != Decision::discard;
  if (!of_recipient) in_letter_ = false;
  decision_ = decision;
  queue_.clear();
  body_.clear();
  waiting_.reset();
}

void ClientMachine::skip() {
  skip_body_ = true;
  body_.clear();
  std::erase_if(queue_, [](const Out& out) { return out.command == Command::body; });
  waiting_.reset();
}

void ClientMachine::take_negotiation(ByteView data) {
  DataReader in(data);
  version_ = in.number();
  actions_ = in.number();
  steps_ = in.number();
  if (!in.ok()) return fault(Errc::invalid, "The milter's answer to the negotiation is too short");
  if (version_ < kOldestVersion || version_ > kVersion)
    return fault(Errc::unsupported, fmt::format("The milter speaks version {} of the protocol", version_));
  // A filter that counts on something that is not offered would wait for what never comes, or say what is not heard.
  if ((steps_ & ~step::kOffered) != 0)
    return fault(Errc::unsupported,
                 fmt::format("The milter wants steps that are not offered: {:#x}", steps_ & ~step::kOffered));
  while (!in.empty()) {
    const std::uint32_t at = in.number();
    const ByteView names = in.string();
    if (!in.ok()) return fault(Errc::invalid, "The milter's list of macros is cut short");
    if (at < kMacroSteps) lists_.set(static_cast<MacroStep>(at), names);
  }
  waiting_.reset();
}

void ClientMachine::take_change(Said said, ByteView data) {
  using Kind = Change::Kind;
  DataReader in(data);
  Change change{.kind = Kind::add_header};
  std::uint32_t needed = action::kChangeHeaders;
  bool field = false;
  const auto optional_string = [&in] { return std::string(in.empty() ? ByteView() : in.string()); };
  switch (said) {
    case Said::add_header:
      needed = action::kAddHeaders;
      field = true;
      break;
    case Said::insert_header:
    case Said::change_header:
      change.kind = said == Said::insert_header ? Kind::insert_header : Kind::change_header;
      if (said == Said::insert_header) needed = action::kAddHeaders;
      change.place = in.number();
      // Filters that count from 0 mean the first one, too; Sendmail has always taken it so.
      if (said == Said::change_header) change.place = std::max(change.place, 1u);
      field = true;
      break;
    case Said::change_from:
    case Said::add_rcpt_with:
      change.kind = said == Said::change_from ? Kind::change_from : Kind::add_rcpt;
      needed = said == Said::change_from ? action::kChangeFrom : action::kAddRcptWith;
      change.name = in.string();
      change.value = optional_string();
      break;
    case Said::add_rcpt:
    case Said::delete_rcpt:
      change.kind = said == Said::add_rcpt ? Kind::add_rcpt : Kind::delete_rcpt;
      needed = said == Said::add_rcpt ? action::kAddRcpt : action::kDeleteRcpt;
      change.name = in.string();
      break;
    case Said::quarantine:
      change.kind = Kind::quarantine;
      needed = action::kQuarantine;
      change.value = in.string();
      break;
    default:
      // It comes in many packets, and none of it is done.
      if (!changes_.empty() && changes_.back().kind == Kind::replace_body) return;
      return add_change({.kind = Kind::replace_body}, action::kChangeBody);
  }
  if (field) {
    change.name = in.string();
    const ByteView value = in.string();
    const bool removes = said == Said::change_header && value.empty();
    if (!removes) change.value = (agreed(step::kLeadingSpace) ? "" : " ") + with_crlf(value);
  }
  if (!in.done()) {
    const char what = static_cast<char>(said);
    return fault(Errc::invalid,
                 fmt::format("The milter asks for a change that cannot be read: {}", printable({&what, 1})));
  }
  add_change(std::move(change), needed);
}

void ClientMachine::add_change(Change change, std::uint32_t needed) {
  const std::size_t octets = change.name.size() + change.value.size();
  if (changes_.size() >= kMaxChanges || octets > kMaxChangeOctets - change_octets_) {
    ++more_changes_;
    return;
  }
  change_octets_ += octets;
  change.agreed = (actions_ & action::kOffered & needed) != 0;
  changes_.push_back(std::move(change));
}

}  // namespace chappe::proto::milter
