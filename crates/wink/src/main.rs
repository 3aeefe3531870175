//! The `wink` command. Reads arguments, opens the store, calls a flow, prints. Decides nothing.

mod archive;
mod arguments;
mod bench;
mod command;
mod configuration;
mod control;
mod demo;
mod doctor;
mod home;
mod import;
mod log;
mod maintenance;
mod measure;
mod plot;
mod restoring;
mod spans;
mod stop;
mod table;
mod terminal;
mod training;
mod unfinished;

use std::process::ExitCode;

use crate::arguments::{Command, ConfigAction};

/// Events are many small allocations on two threads, which the system's allocator serves at two thirds of the speed.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments = match configuration::arguments() {
        Ok(arguments) => arguments,
        Err(error) => {
            terminal::complain(&error);
            return ExitCode::FAILURE;
        }
    };
    let outcome = match arguments.command {
        Command::Import(import) => command::import::run(&import),
        Command::Catalogue(catalogue) => command::catalogue::run(&catalogue),
        Command::Products(products) => command::products::run(&products),
        Command::Context(context) => command::context::run(&context),
        Command::Decide(decide) => command::decide::run(&decide),
        Command::Explain(explain) => command::explain::run(&explain),
        Command::Replay(replay) => command::replay::run(&replay),
        Command::Verify(verify) => command::verify::run(&verify),
        Command::Erase(erase) => command::erase::run(&erase),
        Command::Backup(backup) => command::backup::run(&backup),
        Command::Restore(restore) => command::restore::run(&restore),
        Command::Doctor(doctor) => command::doctor::run(&doctor),
        Command::Simulate(simulate) => command::simulate::run(&simulate),
        Command::Export(export) => command::export::run(&export),
        Command::Events(events) => command::events::run(&events),
        Command::Features(features) => command::features::run(&features),
        Command::DeadLetters(letters) => command::dead_letters::run(&letters),
        Command::Household(household) => command::household::run(&household),
        Command::Segments(segments) => command::segments::run(&segments),
        Command::Coupon(coupon) => command::coupon::run(&coupon),
        Command::Till(till) => command::till::run(&till),
        Command::Serve(serve) => command::serve::run(&serve),
        Command::Model(model) => command::model::run(&model),
        Command::Measure(measure) => command::measure::run(&measure),
        Command::Evaluate(evaluate) => command::evaluate::run(&evaluate),
        Command::Lint(lint) => command::lint::run(&lint),
        Command::Key(key) => command::key::run(&key),
        Command::Tenant(tenant) => command::key::run_tenant(&tenant),
        Command::Config(config) => match config.action {
            ConfigAction::Describe => {
                terminal::say!("{}", configuration::describe());
                Ok(ExitCode::SUCCESS)
            }
        },
        Command::Openapi => {
            terminal::say!("{:#}", wink_server::http::document());
            Ok(ExitCode::SUCCESS)
        }
        Command::Bench(bench) => command::bench::run(&bench),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            terminal::complain(&error);
            ExitCode::FAILURE
        }
    }
}
