; What only TypeScript has.

; ---- declared functions and overloads

(function_signature
  "async"? @async
  name: (_) @name
) @definition.function

; ---- classes

(abstract_class_declaration
  name: (_) @name
  body: (_) @body
) @definition.class

(class_body [
  (method_definition
    (accessibility_modifier)? @access
    "get"
    name: (_) @name
    body: (_) @body)
  (method_signature
    (accessibility_modifier)? @access
    "get"
    name: (_) @name)
  (abstract_method_signature
    (accessibility_modifier)? @access
    "get"
    name: (_) @name)
] @definition.getter)

(class_body [
  (method_definition
    (accessibility_modifier)? @access
    "set"
    name: (_) @name
    body: (_) @body)
  (method_signature
    (accessibility_modifier)? @access
    "set"
    name: (_) @name)
  (abstract_method_signature
    (accessibility_modifier)? @access
    "set"
    name: (_) @name)
] @definition.setter)

((class_body [
  (method_definition
    (accessibility_modifier)? @access
    name: (property_identifier) @name
    body: (_) @body)
  (method_signature
    (accessibility_modifier)? @access
    name: (property_identifier) @name)
] @definition.constructor)
  (#eq? @name "constructor"))

(class_body [
  (method_definition
    (accessibility_modifier)? @access
    "async"? @async
    name: (_) @name
    body: (_) @body)
  (method_signature
    (accessibility_modifier)? @access
    "async"? @async
    name: (_) @name)
  (abstract_method_signature
    (accessibility_modifier)? @access
    name: (_) @name)
] @definition.method)

(public_field_definition
  (accessibility_modifier)? @access
  name: (_) @name
  value: (_)? @value
) @definition.property

([
  (required_parameter
    (accessibility_modifier) @access
    pattern: (identifier) @name)
  (optional_parameter
    (accessibility_modifier) @access
    pattern: (identifier) @name)
] @field.property)

([
  (required_parameter
    ["readonly" (override_modifier)]
    pattern: (identifier) @name)
  (optional_parameter
    ["readonly" (override_modifier)]
    pattern: (identifier) @name)
] @field.property)

; ---- interfaces, types and their members

(interface_declaration
  name: (_) @name
  body: (_) @body
) @definition.interface

(type_alias_declaration
  name: (_) @name
  value: (object_type) @body
) @definition.type

(type_alias_declaration
  name: (_) @name
) @definition.type

(interface_body
  (method_signature
    "get"
    name: (_) @name
  ) @definition.getter)

(interface_body
  (method_signature
    "set"
    name: (_) @name
  ) @definition.setter)

(interface_body
  (method_signature
    name: (_) @name
  ) @definition.method)

(interface_body
  (property_signature
    name: (_) @name
  ) @definition.property)

(object_type (method_signature name: (_) @name) @part.method)
(object_type (property_signature name: (_) @name) @part.property)

; ---- enums

(enum_declaration
  name: (_) @name
  body: (_) @body
) @definition.enum

(enum_body
  name: (_) @name @definition.enum_member)

(enum_assignment
  name: (_) @name
) @definition.enum_member

; ---- namespaces; each part of `A.B.C` is one

(ambient_declaration
  "global" @name @export @ambient
  (statement_block) @body
) @definition.namespace

(module
  name: (string) @name @export @ambient
  body: (_)? @body
) @definition.namespace

([
  (internal_module name: (identifier) @name body: (_)? @body)
  (module name: (identifier) @name body: (_)? @body)
] @definition.namespace)

([
  (internal_module name: (nested_identifier object: (identifier) @name) body: (_)? @body)
  (module name: (nested_identifier object: (identifier) @name) body: (_)? @body)
] @definition.namespace)

([
  (internal_module
    name: (nested_identifier object: (member_expression object: (identifier) @name))
    body: (_)? @body)
  (module
    name: (nested_identifier object: (member_expression object: (identifier) @name))
    body: (_)? @body)
] @definition.namespace)

([
  (internal_module
    name: (nested_identifier object: (member_expression property: (property_identifier) @name))
    body: (_)? @body)
  (module
    name: (nested_identifier object: (member_expression property: (property_identifier) @name))
    body: (_)? @body)
] @definition.namespace)

([
  (internal_module
    name: (nested_identifier property: (property_identifier) @name)
    body: (_)? @body)
  (module
    name: (nested_identifier property: (property_identifier) @name)
    body: (_)? @body)
] @definition.namespace)

; ---- functions in an object that a module binds with a cast

(variable_declarator
  value: [
    (as_expression (object [
        (method_definition
          "async"? @async
          name: (_) @name
          body: (_) @body)
        (pair
          key: (_) @name
          value: [(arrow_function) (function_expression) (generator_function)] @value)
      ] @member.method))
    (satisfies_expression (object [
        (method_definition
          "async"? @async
          name: (_) @name
          body: (_) @body)
        (pair
          key: (_) @name
          value: [(arrow_function) (function_expression) (generator_function)] @value)
      ] @member.method))
  ])

(export_statement
  "default"
  value: [
    (as_expression (object [
        (method_definition
          "async"? @async
          name: (_) @name
          body: (_) @body)
        (pair
          key: (_) @name
          value: [(arrow_function) (function_expression) (generator_function)] @value)
      ] @member.method))
    (satisfies_expression (object [
        (method_definition
          "async"? @async
          name: (_) @name
          body: (_) @body)
        (pair
          key: (_) @name
          value: [(arrow_function) (function_expression) (generator_function)] @value)
      ] @member.method))
  ])

(export_statement
  "default" @name
  value: [(as_expression) (satisfies_expression)] @value @definition.constant)

; ---- exports

(ambient_declaration
  "declare" @ambient
  (_) @wrapped
) @wrapper

(export_statement
  "="
  (identifier) @export.name)
