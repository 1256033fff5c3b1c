#include "post/delivery/notice.h"

#include <algorithm>

#include "base/text.h"
#include "message/builder.h"
#include "proto/smtp/parameters.h"

namespace chappe::post {

using message::DsnAction;
using net::Task;

namespace {

ToSign to_sign(const Bytes& letter) {
  const std::size_t body = letter.find("\r\n\r\n") + 4;  // build_dsn() gives both
  const trust::dkim::BodyHashKind kinds[] = {signed_body()};
  trust::dkim::BodyHashes hashes(kinds);
  hashes.feed(ByteView(letter).substr(body));
  hashes.finish();
  return {.account = {}, .header = letter.substr(0, body - 2), .body_hash = hashes.find(kinds[0])->hash};
}

}  // namespace

Bytes to_header(Bytes letter) {
  const std::size_t end = letter.find("\r\n\r\n");
  if (end != Bytes::npos) letter.resize(end + 2);
  if (letter.size() > kHeaderShown) letter.resize(kHeaderShown);
  letter.resize(letter.rfind('\n') + 1);  // whole lines
  return letter;
}

std::string decoded_orcpt(std::string_view written) {
  const std::size_t semicolon = written.find(';');
  if (semicolon == std::string_view::npos) return {};
  const auto address = proto::smtp::xtext_decode(written.substr(semicolon + 1));
  return std::string(written.substr(0, semicolon + 1)) + address.value_or(std::string(written.substr(semicolon + 1)));
}

Task<Result<std::optional<Letter>>> Notices::write(Tidings tidings, Deadline deadline) const {
  if (tidings.sender.empty() || tidings.recipients.empty()) co_return std::nullopt;  // RFC 3461 §6.1
  auto back = co_await route(&parts_.directory, tidings.sender, deadline);
  // Only a sender that leads nowhere, for good, is left untold.
  if (!back && back.error().temporary()) co_return std::unexpected(std::move(back.error()));
  if (!back) co_return std::nullopt;

  const Time now = parts_.clock.now();
  Letter letter;
  letter.id = parts_.ids.next();
  letter.arrived = now;
  letter.trail = {.at = now, .origin = {.door = "notice"}, .about = tidings.letter};
  for (auto& end : back->ends)  // RFC 3461 §6.1: no notification about a notification
    letter.recipients.push_back(
        {std::move(end.address), std::move(end.destination), static_cast<std::uint8_t>(Notify::never), {}});
  const message::Dsn dsn{.action = tidings.action,
                         .hostname = parts_.hostname,
                         .id = message::make_message_id(now, parts_.random, parts_.hostname),
                         .to = std::move(tidings.sender),
                         .letter = tidings.letter.text(),
                         .envid = std::move(tidings.envid),
                         .now = now,
                         .arrived = tidings.arrived,
                         .gives_up = tidings.gives_up,
                         .recipients = std::move(tidings.recipients),
                         .original = std::move(tidings.original),
                         .whole = tidings.whole};
  Bytes octets = message::build_dsn(dsn, parts_.random);
  if (parts_.signer)
    if (const auto signatures = co_await parts_.signer->sign(to_sign(octets), deadline)) octets.insert(0, *signatures);
  letter.eight_bit = std::ranges::any_of(octets, is_8bit);
  letter.smtputf8 = tidings.smtputf8;
  letter.octets = ChunkList(octets);
  co_return letter;
}

Task<Result<void>> Notices::add(std::vector<Letter>* to, const Letter* about, DsnAction action,
                                std::vector<message::DsnRecipient> recipients, Deadline deadline) const {
  // RFC 3461 §4.3: RET is about failures; the header is enough to tell which letter it was.
  auto notice = CO_TRY(co_await write({.action = action,
                                       .recipients = std::move(recipients),
                                       .letter = about->id,
                                       .sender = about->sender,
                                       .envid = about->envid,
                                       .smtputf8 = about->smtputf8,
                                       .arrived = about->arrived,
                                       .original = to_header(about->octets.slice(0, kHeaderShown).flatten())},
                                      deadline));
  if (notice) to->push_back(std::move(*notice));
  co_return Result<void>();
}

Task<Result<std::vector<Letter>>> Notices::arrived(const Letter* letter, std::vector<message::DsnRecipient> expanded,
                                                   Deadline deadline) const {
  std::vector<Letter> out;
  std::vector<message::DsnRecipient> delivered;
  // RFC 3461 §5.2.3: what is in quarantine is not delivered.
  for (const LetterRecipient& r : letter->recipients)
    if (r.destination.kind == Destination::Kind::mailbox && r.held.empty() && wants(r.notify, Notify::success))
      delivered.push_back({.address = r.address, .original = decoded_orcpt(r.orcpt), .status = "2.0.0"});
  // RFC 3461 §5.2.3, §5.2.7.3
  CO_TRY(co_await add(&out, letter, DsnAction::delivered, std::move(delivered), deadline));
  CO_TRY(co_await add(&out, letter, DsnAction::expanded, std::move(expanded), deadline));
  co_return out;
}

}  // namespace chappe::post
