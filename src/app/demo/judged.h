// How Paris judges a letter: what its exchanger answered, what its trail knows, and what stands above the letter in the
// mailbox. A scenario goes by these alone. The evidence shown beside them (which term, which hash, which record) is
// found a second time: by the same judge as `chappe verify`, with the facts that the trail has, in the same DNS.
//
// Main thread, which blocks.
#pragma once

#include <string>
#include <string_view>

#include "app/demo/follow.h"
#include "trust/judgement.h"

namespace chappe::app::demo {

inline constexpr std::string_view kReader = "clara@paris.example";  // whom the letters of these scenarios are for

// A letter as somebody brought it to Paris.
struct Brought {
  std::string id;     // at Paris
  std::string reply;  // "550 5.7.1"; empty: of a letter that a host brought
  Bytes octets;
};

// How much of a conversation is told: the envelope; the lines of the letter, too; the greetings as well.
enum class Shown { envelope, letter, everything };
// Somebody at `desk` brings a letter for kReader. What is said is told as that of `who`.
Result<Brought> bring(Scene& scene, std::string_view who, const Desk& desk, std::string_view mail_from, Bytes octets,
                      Shown shown = Shown::envelope);
// A letter that another host handed to Paris, which filed it: as it was on that way.
Result<Brought> brought_by_host(Scene& scene, const Step& filed);

// What the judge says of a letter that came with that envelope, to a host of this world.
Result<trust::Judgement> look_into(World& world, trust::Envelope envelope, const Bytes& octets, std::string receiver);

struct Judged {
  std::string spf = {}, dkim = {}, dmarc = {}, arc = {};  // the results, as the exchanger has them
  std::string action = {}, reason = {};
  std::string mailbox = {};     // where it is filed; empty: nowhere
  bool written = false;         // the same stands above the letter as it lies there
  trust::Judgement again = {};  // the way to it
  bool comes_to_same = false;   // the same results, and the same done about it

  // "550 5.7.1; spf=fail, dkim=none, dmarc=fail; reject (reject-with-evidence)"
  std::string seen(const Teller& tell, const Brought& letter) const;
};
// Tells the evidence, too.
Result<Judged> judged(Scene& scene, const Brought& letter);

}  // namespace chappe::app::demo
