// What a milter says at the end of a letter, whatever it says, as an Opinion: a score is a number, fields are fields,
// and a reply fits the action.

#include <cmath>

#include "../../../tests/fuzz/fuzzing.h"
#include "agents/milter/opinion.h"

namespace {

using namespace chappe;
using namespace chappe::agents::milter;
using namespace chappe::proto::milter;
using fuzz::check;

const Bytes kAgreed("\0\0\0\x0dO\0\0\0\x06\0\0\x01\xff\0\0\0\0", 17);
const Bytes kGoOn("\0\0\0\001c", 5);

// Carries an operation out with these answers, and nothing behind them. False: it failed.
bool carry_out(ClientMachine& client, ByteView answers) {
  for (;;) {
    const ClientEvent event = client.next();
    (void)client.take_output();
    if (event != ClientEvent::need_input) return event == ClientEvent::done;
    answers.empty() ? client.feed_end() : client.feed(answers);
    answers = {};
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ClientMachine client;
  check(carry_out(client, kAgreed));
  client.mail("<a@example.org>", {});
  check(carry_out(client, kGoOn));
  client.end_of_body();
  if (!carry_out(client, fuzz::view(data, size))) return 0;
  const post::Opinion opinion = opinion_of(client);
  check(!opinion.score() || std::isfinite(*opinion.score()));
  for (const post::HeaderChange& field : opinion.fields()) {
    check(!field.name.empty() && field.name.size() <= post::Opinion::kMaxFieldName);
    check(field.value.size() <= post::Opinion::kMaxFieldValue && field.value.find('\0') == std::string::npos);
  }
  check(opinion.fields().size() + opinion.recipients().size() <= post::Opinion::kMaxChanges);
  if (opinion.action() == post::Action::defer) check(opinion.reply().code / 100 == 4);
  if (opinion.action() == post::Action::reject) check(opinion.reply().code / 100 == 5);
  return 0;
}
