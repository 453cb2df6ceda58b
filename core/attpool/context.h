/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTPOOL_CONTEXT_H
#define ATTPOOL_CONTEXT_H

/* Part of attpool.h: status, contexts and devices. */

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define ATTPOOL_API __attribute__((visibility("default")))
#else
#define ATTPOOL_API
#endif

/** Result of a call. A negative value names the argument or the resource at fault; the text is
 *  in attpool_message. Every call that computes in a context may also return ATTPOOL_E_BUSY, and
 *  ATTPOOL_E_BACKEND where the device lacks the type of the tensors. After ATTPOOL_E_DEVICE,
 *  _CANCELLED and _EMPTY, and _MEMORY of an OpenCL device, the outputs are undefined, after every
 *  other failure they are untouched. */
typedef enum attpool_status {
    ATTPOOL_OK = 0,
    ATTPOOL_E_CONTEXT = -1,      /* the context is NULL, or an argument that must not be */
    ATTPOOL_E_OPTIONS = -2,      /* a field of an option structure; the message names it */
    ATTPOOL_E_BACKEND = -3,      /* the backend or device asked for is unknown or not available */
    ATTPOOL_E_DEVICE = -4,       /* the device failed, or its driver cannot do this */
    ATTPOOL_E_MEMORY = -5,       /* out of memory, on the host or on the device */
    ATTPOOL_E_CANCELLED = -6,    /* the progress callback asked to stop */
    ATTPOOL_E_EMPTY = -7,        /* an empty row under ATTPOOL_EMPTY_ERROR */
    ATTPOOL_E_BUSY = -8,         /* another call is using the context; nothing was done */
    ATTPOOL_E_QUERY = -10,       /* shape, type, device, overlap or value of Q, */
    ATTPOOL_E_KEY = -11,         /* K, */
    ATTPOOL_E_VALUE = -12,       /* V, */
    ATTPOOL_E_OUTPUT = -13,      /* O, */
    ATTPOOL_E_LSE = -14,         /* L, */
    ATTPOOL_E_WEIGHTS = -15,     /* W, */
    ATTPOOL_E_ROWS = -16,        /* the rows of W asked for, */
    ATTPOOL_E_N_EFF = -17,       /* n_eff, */
    ATTPOOL_E_BANDWIDTH = -18,   /* a bandwidth, inverse bandwidth or key factor, */
    ATTPOOL_E_KEY_WEIGHTS = -19, /* the key weights, */
    ATTPOOL_E_LENGTHS = -20,     /* the valid lengths, */
    ATTPOOL_E_MASK = -21,        /* the boolean mask, */
    ATTPOOL_E_BIAS = -22,        /* the additive bias, */
    ATTPOOL_E_SCORES = -23,      /* S of the softmax, */
    ATTPOOL_E_KERNEL = -24,      /* G of the kernel evaluation, */
    ATTPOOL_E_A = -25,           /* A, B and C of the matrix product, */
    ATTPOOL_E_B = -26,
    ATTPOOL_E_C = -27,
    ATTPOOL_E_WQ = -28, /* the matrices of additive and projection scoring, */
    ATTPOOL_E_WK = -29,
    ATTPOOL_E_WV = -30,
    ATTPOOL_E_STATE = -31, /* a partial state */
    ATTPOOL_E_MAX = -32,   /* max and sum of the rows, */
    ATTPOOL_E_SUM = -33,
    ATTPOOL_E_GRADIENT = -34,        /* dO, dL or a gradient asked for; the message names it */
    ATTPOOL_E_SLOPE = -35,           /* the slope of a regression, */
    ATTPOOL_E_EQUIVALENT = -36,      /* the coefficients of its equivalent weights, */
    ATTPOOL_E_RESIDUALS = -37,       /* residuals, */
    ATTPOOL_E_STANDARD_ERRORS = -38, /* standard errors, */
    ATTPOOL_E_CLASSES = -39          /* the classes of a classification */
} attpool_status;

/** "ATTPOOL_E_KEY" and so on; "unknown status" for any other value. Never NULL. */
ATTPOOL_API const char *attpool_status_name(attpool_status status);

/** The library's version, "1.2.3". */
ATTPOOL_API const char *attpool_version(void);

/* ------------------------------------------------------------------------------------------
 * Context
 * ---------------------------------------------------------------------------------------- */

typedef struct attpool_context attpool_context;

/** Receives one line of log text without a newline; see `verbose`. */
typedef void attpool_log_function(void *data, const char *line);

/** Called in the calling thread now and then during long calls, fraction in [0, 1]. A result
 *  other than 0 cancels the call, which returns ATTPOOL_E_CANCELLED. Must not use the context. */
typedef int attpool_progress_function(void *data, double fraction);

/** How to open a context. Zero-initialised is valid and means the defaults. */
typedef struct attpool_options {
    uint32_t size;       /* sizeof(attpool_options); 0: the fields of the first release */
    int32_t threads;     /* 0: ATTPOOL_NUM_THREADS, else the CPUs this process may use */
    const char *backend; /* NULL: ATTPOOL_BACKEND, else "auto". "scalar", "avx2", "avx512",
                          * "neon", "opencl", or "opencl:PLATFORM:TYPE:INDEX" (each part may be
                          * empty; see ATTPOOL_OPENCL_DEVICE in the manual) */
    int32_t verbose;     /* 0: ATTPOOL_VERBOSE; -1 silent, 1 the choice, 2 each call's time */
    attpool_log_function *log;
    void *log_data;
    attpool_progress_function *progress;
    void *progress_data;
    void *opencl_context; /* the caller's cl_context, cl_device_id and cl_command_queue, all or */
    void *opencl_device;  /* none of them; then the backend is "opencl". They are retained. */
    void *opencl_queue;   /* Tensors of type kDLOpenCL belong to this context. */
    char *message;        /* where attpool_open writes what failed, "" on success; or NULL */
    size_t message_size;
} attpool_options;

/** Open a context: choose the backend, copy nothing global, start no thread yet.
 *
 *  options  NULL for the defaults
 *  context  receives the context, NULL on failure
 *
 *  "auto" takes the best backend of this CPU (at most ATTPOOL_MAX_ISA) and loads no OpenCL
 *  driver, but for large calls after attpool_tune. If a backend asked for by name cannot be used,
 * the call fails.
 *
 *  Returns ATTPOOL_OK, ATTPOOL_E_CONTEXT (context is NULL), _OPTIONS, _BACKEND, _DEVICE,
 *  _MEMORY. Example: the second program in README.md. */
ATTPOOL_API attpool_status attpool_open(const attpool_options *options, attpool_context **context);

/** Wait for queued calls, then release everything. NULL is allowed. */
ATTPOOL_API void attpool_close(attpool_context *context);

/** Wait for the queued calls. Reports errors in values that are on a device: a length outside
 *  0..m, a key weight that is negative or not finite, an empty row under ATTPOOL_EMPTY_ERROR.
 *  Returns ATTPOOL_OK, ATTPOOL_E_CONTEXT, _DEVICE, _LENGTHS, _KEY_WEIGHTS, _EMPTY. */
ATTPOOL_API attpool_status attpool_finish(attpool_context *context);

/** The text of the last failure, "" if the last call succeeded. Valid until the next call.
 *
 *  context  NULL: of the last call that this thread made with NULL for its context
 *
 *  May be called at any time. For a thread whose last call was refused with ATTPOOL_E_BUSY, and
 *  while a call is using the context, it says that the context is in use. */
ATTPOOL_API const char *attpool_message(const attpool_context *context);

/** "avx2" and so on; the device's name as attpool_list_devices has it; the number of threads a
 *  call may use. Where "auto" may take a device (attpool_tune) the first two are of the last call.
 */
ATTPOOL_API const char *attpool_backend_name(const attpool_context *context);
ATTPOOL_API const char *attpool_device_name(const attpool_context *context);
ATTPOOL_API int attpool_threads(const attpool_context *context);

/** A backend or device of this machine. */
typedef struct attpool_device {
    const char *backend; /* what to ask for: "avx2", "opencl:PLATFORM:TYPE:INDEX" */
    const char *device;  /* its own name; of a CPU the model, and whether it is emulated */
    int32_t available;   /* 1 if attpool_open would take it */
    int32_t chosen;      /* 1 for the one that "auto" takes */
    int32_t one_answer;  /* 1 if it promises the same bits, 0 if not, -1 if unavailable */
    int32_t float64;     /* 1 if it computes in float64 */
    const char *reason;  /* why it is available, chosen or not */
} attpool_device;

typedef struct attpool_device_list attpool_device_list;

/** List every backend and device (this loads the OpenCL drivers). No OpenCL platform, or one
 *  without devices, is not an error and has its own row.
 *  Returns ATTPOOL_OK, ATTPOOL_E_CONTEXT (list is NULL), ATTPOOL_E_MEMORY. */
ATTPOOL_API attpool_status attpool_list_devices(attpool_device_list **list);
ATTPOOL_API size_t attpool_device_count(const attpool_device_list *list);
/** Row i, NULL past the end; valid until the list is freed. */
ATTPOOL_API const attpool_device *attpool_device_at(const attpool_device_list *list, size_t i);
ATTPOOL_API void attpool_free_devices(attpool_device_list *list);

#ifdef __cplusplus
}
#endif

#endif
