// The verbs of administration. Each is a method of agents/control/methods.h, with its answer shown to people or
// programs.
#pragma once

#include <span>
#include <vector>

#include "app/cli.h"

namespace chappe::app {

// All of them; those of a subject stand in a file of their own.
std::vector<Binding> admin_bindings();

std::span<const Binding> directory_bindings();   // domain, account, alias, config export and apply
std::span<const Binding> grant_bindings();       // grant
std::span<const Binding> key_bindings();         // key
std::span<const Binding> policy_bindings();      // policy, know
std::span<const Binding> queue_bindings();       // queue, route
std::span<const Binding> trail_bindings();       // trail
std::span<const Binding> reputation_bindings();  // reputation
std::span<const Binding> search_bindings();      // search
std::span<const Binding> status_bindings();      // status, metrics
std::span<const Binding> store_bindings();       // store

int store_import(const Invocation& invocation);
int store_export(const Invocation& invocation);
int store_verify(const Invocation& invocation);
int store_repair(const Invocation& invocation);
int store_backup(const Invocation& invocation);
int store_restore(const Invocation& invocation);
int store_reindex(const Invocation& invocation);

}  // namespace chappe::app
