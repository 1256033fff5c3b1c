// The server machine under any octets, at any door: the first three octets choose options, how the rest is cut, and
// the answers: 0 says yes to all. Checks
// what must always hold: replies are whole lines of RFC 5321 §4.2, a letter's facts agree with its octets, and what the
// machine holds is bounded.
#include <memory>

#include "../../../tests/fuzz/fuzzing.h"
#include "proto/smtp/server.h"

namespace {

using namespace chappe;
using namespace chappe::proto::smtp;
using fuzz::check;

void check_replies(const std::string& out) {
  for (std::size_t at = 0; at < out.size();) {
    const std::size_t end = out.find("\r\n", at);
    check(end != std::string::npos && end - at >= 3);
    check(out[at] >= '2' && out[at] <= '5');
    for (std::size_t i = at; i < end; ++i) check(out[i] >= 0x20 && out[i] < 0x7f);
    at = end + 2;
  }
}

struct Driver {
  ServerMachine machine;
  unsigned mood;
  std::string letter;
  bool open = false;

  bool step() {
    Event e = machine.next();
    if (std::holds_alternative<NeedInput>(e) || std::holds_alternative<Close>(e)) return false;
    if (std::holds_alternative<NeedTls>(e)) {
      machine.tls_started();
      return true;
    }
    if (const auto* d = std::get_if<Data>(&e)) {
      check(open && !d->bytes.empty());
      letter += d->bytes.view();
    }
    if (std::holds_alternative<DataRefused>(e) || std::holds_alternative<Reset>(e)) open = false;
    const bool question = e.index() >= Event(Hello{}).index() && e.index() <= Event(Vrfy{}).index();
    if (!question) return true;
    if (mood != 0) mood = mood * 1103515245 + 12345;
    const unsigned dice = mood == 0 ? 15 : mood >> 16 & 15;
    if (std::holds_alternative<DataEnd>(e)) {
      const LetterFacts& f = std::get<DataEnd>(e).facts;
      check(open && f.size == letter.size() && f.header_size <= f.size && f.longest_line <= f.size);
      check(f.ends_in_crlf == (letter.empty() || letter.ends_with("\r\n")) || f.bare_lf > 0 || f.bare_cr > 0);
      open = false;
    }
    const bool auth = std::holds_alternative<AuthBegin>(e) || std::holds_alternative<AuthResponse>(e);
    if (auth && (dice < 8 || (mood == 0 && std::holds_alternative<AuthBegin>(e)))) {
      machine.challenge("more");
    } else if (dice == 0) {
      machine.reject({550, "5.7.1", "no\r\n250 yes"});
    } else if (dice == 1) {
      machine.reject({451, "4.7.1", "later"});
    } else {
      if (std::holds_alternative<DataBegin>(e)) {
        open = true;
        letter.clear();
      }
      accept(std::holds_alternative<DataEnd>(e), auth, dice);
    }
    return true;
  }

  void accept(bool end, bool auth, unsigned dice) {
    const Reply yes{auth ? 235 : 250, "2.0.0", "in our words"};
    if (end && machine.session().options.role == Role::lmtp && dice > 8) {
      machine.answer_each(std::vector<Reply>(machine.session().recipients, yes));
    } else {
      dice > 12 ? machine.accept() : machine.accept(yes);
    }
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  const unsigned a = data[0], cut = data[1], mood = data[2];
  auto o = std::make_shared<ServerOptions>(default_options(static_cast<Role>(a % 3)));
  o->tls_available = (a & 4) != 0;
  o->auth_without_tls = true;
  o->tls_required = false;
  o->auth_required = (a & 8) != 0;
  o->auth_mechanisms = {"PLAIN", "LOGIN"};
  o->binarymime = o->dsn = (a & 16) != 0;
  o->bare_lf = o->bare_cr = o->bare_lf_chunk = o->bare_cr_chunk = static_cast<LineFault>((a >> 5) % 3);
  o->refuse_early_commands = (a & 128) != 0;
  o->limits.letter = 100'000;
  o->limits.letter_line = 2000;
  o->limits.line_flood = 3000;
  Driver d{ServerMachine(o), mood, {}};
  mood == 255 ? d.machine.greet({554, "5.7.1", "Not you"}) : d.machine.greet();
  fuzz::Pieces pieces(fuzz::view(data, size).substr(3), cut);
  for (;;) {
    for (int i = 0; d.step(); ++i) {
      check(i < 1'000'000);
      if (d.machine.output().size() > o->limits.output) check_replies(d.machine.take_output());
    }
    check_replies(d.machine.take_output());
    check(d.machine.held() <= 2 * 12288 + 512);
    if (pieces.done()) break;
    d.machine.feed(pieces.next());
  }
  d.machine.feed_end();
  while (d.step()) {
  }
  return 0;
}
