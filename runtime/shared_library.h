// A library of this machine that is loaded when it is first needed: what libcurl and libarchive
// bring with them takes longer to load than checking a file does. It knows no library; the one
// source that sees a library lists the functions that it calls.
#pragma once

#include <dlfcn.h>

#include <string>

namespace sluice::runtime {

class SharedLibrary {
 public:
  // A function of the library, for a pointer of its own type.
  class Symbol {
   public:
    explicit Symbol(void* address) : address_(address) {}
    template <class Function>
    operator Function*() const {
      return reinterpret_cast<Function*>(address_);
    }

   private:
    void* address_;
  };

  // By the name that the linker would note, as in "libz.so.1". It stays loaded.
  explicit SharedLibrary(const char* name) : loaded_(::dlopen(name, RTLD_NOW | RTLD_LOCAL)) {
    if (loaded_ == nullptr) problem_ = problem_of(name);
  }

  Symbol find(const char* function) {
    void* address = loaded_ == nullptr ? nullptr : ::dlsym(loaded_, function);
    if (address == nullptr && problem_.empty()) problem_ = problem_of(function);
    return Symbol(address);
  }

  // Why it is not there, or not whole; then none of its functions may be called. Empty where it is.
  const std::string& problem() const { return problem_; }

 private:
  static std::string problem_of(const char* name) {
    const char* why = ::dlerror();
    return std::string("cannot load ") + (why == nullptr ? name : why);
  }

  void* loaded_;
  std::string problem_;
};

}  // namespace sluice::runtime
