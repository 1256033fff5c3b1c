#include "app/admin.h"

namespace chappe::app {

std::vector<Binding> admin_bindings() {
  std::vector<Binding> out;
  for (const auto& part :
       {directory_bindings(), queue_bindings(), trail_bindings(), search_bindings(), status_bindings(),
        store_bindings(), key_bindings(), policy_bindings(), reputation_bindings(), grant_bindings()})
    out.insert(out.end(), part.begin(), part.end());
  return out;
}

}  // namespace chappe::app
