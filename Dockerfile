# One build, three images: docker build --target api | worker | token. How to run them: docs/containers.md.

FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
WORKDIR /src
# What restoring reads comes first: these layers are built anew only when a package changes.
COPY Directory.Build.props Directory.Build.targets Directory.Packages.props BannedSymbols.txt .editorconfig ./
COPY MetaAdsJobs.Core/MetaAdsJobs.Core.csproj MetaAdsJobs.Core/packages.lock.json MetaAdsJobs.Core/
COPY MetaAdsJobs.Console/MetaAdsJobs.Console.csproj MetaAdsJobs.Console/packages.lock.json MetaAdsJobs.Console/
COPY MetaAdsJobs.StubGraph/MetaAdsJobs.StubGraph.csproj MetaAdsJobs.StubGraph/packages.lock.json MetaAdsJobs.StubGraph/
COPY MetaAdsJobs.Api/MetaAdsJobs.Api.csproj MetaAdsJobs.Api/packages.lock.json MetaAdsJobs.Api/
COPY MetaAdsJobs.Worker/MetaAdsJobs.Worker.csproj MetaAdsJobs.Worker/packages.lock.json MetaAdsJobs.Worker/
COPY MetaAdsJobs.Launch/MetaAdsJobs.Launch.csproj MetaAdsJobs.Launch/packages.lock.json MetaAdsJobs.Launch/
# API and worker are compiled for the machine here: started, they are at full speed seconds earlier.
ENV COMPILED="--use-current-runtime -p:PublishReadyToRun=true"
RUN dotnet restore MetaAdsJobs.Api --locked-mode $COMPILED \
    && dotnet restore MetaAdsJobs.Worker --locked-mode $COMPILED \
    && dotnet restore MetaAdsJobs.Launch --locked-mode
COPY db/migrations/ db/migrations/
COPY MetaAdsJobs.Core/ MetaAdsJobs.Core/
COPY MetaAdsJobs.Console/ MetaAdsJobs.Console/
COPY MetaAdsJobs.StubGraph/ MetaAdsJobs.StubGraph/
COPY MetaAdsJobs.Api/ MetaAdsJobs.Api/
COPY MetaAdsJobs.Worker/ MetaAdsJobs.Worker/
COPY MetaAdsJobs.Launch/ MetaAdsJobs.Launch/
RUN dotnet publish MetaAdsJobs.Api -c Release --no-restore $COMPILED --no-self-contained -p:UseAppHost=false -o /out/api \
    && dotnet publish MetaAdsJobs.Worker -c Release --no-restore $COMPILED --no-self-contained -p:UseAppHost=false -o /out/worker \
    && dotnet publish MetaAdsJobs.Launch -c Release --no-restore -p:UseAppHost=false -o /out/launch

# Ubuntu 24.04 with ICU and time zones, which the accounts' days need. The files stay root's: the programs cannot change them.
FROM mcr.microsoft.com/dotnet/aspnet:10.0 AS base
WORKDIR /app
# A new volume takes its owner from here: see CLIP_FILES_DIR.
RUN install -d -o 1654 -g 1654 -m 700 /clips
# The base image's user app, by number: Kubernetes can see of a number that it is not root.
USER 1654

# ./run token without the checkout: docker run --rm -e AUTH_SIGNING_KEY … --role admin
FROM base AS token
ENV DATA_FOLDER=/nonexistent
COPY --from=build /out/launch/ ./
ENTRYPOINT ["dotnet", "MetaAdsJobs.Launch.dll", "token"]

FROM base AS worker
COPY --from=build /out/worker/ ./
ENTRYPOINT ["dotnet", "MetaAdsJobs.Worker.dll"]

FROM base AS api
ENV ASPNETCORE_HTTP_PORTS=8080
EXPOSE 8080
COPY scripts/container-health /usr/local/bin/
COPY --from=build /out/api/ ./
HEALTHCHECK --interval=10s --timeout=5s --start-period=120s --retries=3 CMD ["container-health", "/health/live"]
ENTRYPOINT ["dotnet", "MetaAdsJobs.Api.dll"]
