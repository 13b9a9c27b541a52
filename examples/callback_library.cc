// A library in the manner of C: it takes a function and a pointer, and calls the function later, on
// a thread of its own. from_callback() makes a task of such a call.
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "magpie/magpie.h"

// What the library's header says.
extern "C" {
using lookup_callback = void (*)(void* context, int error, const char* address);
void lookup(const char* host, lookup_callback call, void* context);
}

// And what it does.
void lookup(const char* host, lookup_callback call, void* context) {
  std::thread([name = std::string(host), call, context] {
    if (name == "example.org") {
      call(context, 0, "93.184.215.14");
    } else {
      call(context, 2, nullptr);
    }
  }).detach();
}

magpie::task<std::string> address_of(std::string host) {
  using result = magpie::callback_result<std::string>;
  co_return co_await magpie::from_callback<std::string>([&](result to) {
    // The library keeps a pointer. Whether or not somebody still waits, the callback deletes it.
    auto kept = std::make_unique<result>(std::move(to));
    const auto call = [](void* context, int error, const char* address) {
      const std::unique_ptr<result> mine(static_cast<result*>(context));
      if (error == 0) {
        (*mine)(address);
      } else {
        mine->fail(std::make_exception_ptr(std::runtime_error("no such host")));
      }
    };
    lookup(host.c_str(), call, kept.release());
  });
}

magpie::task<> callback_library(std::ostream& out) {
  for (const char* host : {"example.org", "example.invalid"}) {
    try {
      const std::string address = co_await address_of(host);
      out << std::string(host) + " is " + address + "\n";
    } catch (const std::runtime_error& error) {
      out << std::string(host) + ": " + error.what() + "\n";
    }
  }
}

int main() {
  magpie::run(callback_library(std::cout));
}
