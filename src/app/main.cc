// The one program. Everything it can do is a verb of app/cli_table.cc; here each is bound to the function that does it.
#include <vector>

#include "app/admin.h"
#include "app/check.h"
#include "app/cli.h"
#include "app/demo/demo_verb.h"
#include "app/dns_query_verb.h"
#include "app/dns_serve_verb.h"
#include "app/explain_verb.h"
#include "app/local_verb.h"
#include "app/message_verb.h"
#include "app/serve.h"
#include "app/trust/records_verb.h"
#include "app/trust/trust_verbs.h"
#include "app/walk.h"

// What jemalloc is told (docs/decisions/0005-libraries.md): memory that was freed goes back to the system after a
// second.
extern "C" {
const char* malloc_conf = "dirty_decay_ms:1000,muzzy_decay_ms:0";  // NOLINT: its name
}

int main(int argc, char** argv) {
  using namespace chappe::app;
  std::vector<Binding> bindings = {{"serve", run_serve},         {"check", run_check},
                                   {"local", run_local},         {"run", run_walk},
                                   {"message", run_message},     {"dns query", run_dns_query},
                                   {"dns serve", run_dns_serve}, {"dns records", run_dns_records},
                                   {"explain", run_explain},     {"demo", run_demo}};
  const auto admin = admin_bindings();
  bindings.insert(bindings.end(), admin.begin(), admin.end());
  const auto trust = trust_bindings();
  bindings.insert(bindings.end(), trust.begin(), trust.end());
  return run_command_line(argc, argv, bindings);
}
